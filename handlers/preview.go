package handlers

import (
	"errors"
	"path"

	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/attachment"
	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// Preview shows the beginning of one file of a snapshot. What keeps it from being read is said in its place.
func (h *Handlers) Preview(c *fiber.Ctx) error {
	s, err := named(c, h.Store.Snapshot)
	if err != nil {
		return err
	}
	name := c.Query("path")
	if name == "" {
		return model.Invalid{Field: "path", Reason: "Choose a file to look at."}
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	app, err := h.appOf(c.UserContext(), s)
	if err != nil {
		return err
	}
	p := views.PreviewProps{Chrome: frame, SnapshotID: s.ID, AppName: app.Name, TakenAt: s.StartedAt, Path: path.Clean("/" + name)}
	if app.Name != "" {
		p.AppID = app.ID
	}
	p.Preview, err = h.Jobs.Preview(c.UserContext(), s.ID, p.Path)
	if errors.Is(err, model.ErrNotFound) {
		return err
	}
	audit.AboutFile(c, s.ID, p.Path)
	switch {
	case err != nil && sentence(err) != "":
		p.Error = sentence(err)
	case err != nil:
		h.Log.Error("preview a file", "snapshot", s.ID, "error", err)
		p.Error = "The destination cannot be read now. Test it on its page, then try again."
	}
	return render(c, views.PreviewPage(p))
}

// Picture sends an image of a snapshot to the page of its preview.
func (h *Handlers) Picture(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	p, err := h.Jobs.Picture(c.UserContext(), id, c.Query("path"))
	if err != nil {
		return err
	}
	audit.AboutFile(c, id, c.Query("path"))
	attachment.Harmless(c)
	c.Set(fiber.HeaderContentType, p.Media)
	c.Set(fiber.HeaderContentDisposition, "inline")
	return c.Send(p.Data)
}
