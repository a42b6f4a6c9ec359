package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/attachment"
	"keepstead/handlers/audit"
	"keepstead/model"
)

// fileContent sends a file, or a folder as an archive, as it comes out of the repository.
func (a *API) fileContent(c *fiber.Ctx) error {
	ctx, request := c.UserContext(), requestID(c)
	d, err := a.Jobs.FindDownload(ctx, pathID(c), queryText(c, "path"), model.Archive(queryText(c, "format")))
	if err != nil {
		return err
	}
	audit.AboutFile(c, d.SnapshotID, d.Path)
	body, err := a.Jobs.Download(ctx, d)
	if err != nil {
		return err
	}
	return attachment.Send(c, d, attachment.Body{From: body, Broken: func(err error) {
		a.Log.Warn("a download broke off", "request", request, "snapshot", d.SnapshotID, "error", err)
	}})
}
