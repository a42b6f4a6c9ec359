package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers/attachment"
	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

type downloadForm struct {
	Path string `form:"path"` // as views.FileValue
}

// StartDownload looks up what is asked for and sends the browser to an address that gives it once, to this session.
func (h *Handlers) StartDownload(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := form[downloadForm](c)
	if err != nil {
		return err
	}
	name, err := views.FilePath(f.Path)
	if err != nil || name == "" {
		return model.Invalid{Field: "path", Reason: "Choose a file or a folder to download."}
	}
	d, err := h.Jobs.FindDownload(c.UserContext(), id, name, model.Archive(c.Query("format")))
	if err != nil {
		return err
	}
	who, _ := auth.Who(c)
	return goTo(c, views.DownloadPath(h.downloads.Issue(who, d)))
}

// Download sends the file or the archive that a ticket stands for.
func (h *Handlers) Download(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodHead { // it would spend the ticket and send nothing
		return fiber.ErrMethodNotAllowed
	}
	who, _ := auth.Who(c)
	d, err := h.downloads.Redeem(who, c.Params("token"))
	if err != nil {
		return err
	}
	audit.AboutFile(c, d.SnapshotID, d.Path)
	ctx, request := c.UserContext(), RequestID(c)
	body, err := h.Jobs.Download(ctx, d)
	if err != nil {
		return err
	}
	return attachment.Send(c, d, attachment.Body{
		From:  body,
		Alive: func() bool { return h.Auth.Alive(ctx, who) },
		Broken: func(err error) {
			h.Log.Warn("a download broke off", "request", request, "snapshot", d.SnapshotID, "error", err)
		},
	})
}
