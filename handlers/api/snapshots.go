package api

import (
	"fmt"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

func (a *API) listSnapshots(c *fiber.Ctx) error {
	var problems model.Invalids
	filter := model.SnapshotFilter{
		AppID: queryID(c, "app_id"), ConfigurationID: queryID(c, "configuration_id"), DestinationID: queryID(c, "destination_id"),
		Status: model.SnapshotStatus(queryText(c, "status")),
		From:   queryTime(c, "from", &problems), To: queryTime(c, "to", &problems), Page: page(c),
	}
	if err := problems.Err(); err != nil {
		return err
	}
	rows, err := a.Store.Snapshots(c.UserContext(), filter)
	if err != nil {
		return err
	}
	rows, next := cut(rows, filter.Page, func(s model.Snapshot) uuid.UUID { return s.ID })
	return c.JSON(SnapshotList{Snapshots: mapped(rows, wireSnapshot), NextCursor: next})
}

func (a *API) getSnapshot(c *fiber.Ctx) error {
	s, err := a.Store.Snapshot(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return c.JSON(wireSnapshot(s))
}

func (a *API) forgetSnapshot(c *fiber.Ctx) error {
	job, err := a.Jobs.ForgetSnapshot(c.UserContext(), pathID(c), model.TriggerAPI)
	if err != nil {
		return err
	}
	return a.accepted(c, job)
}

func wireFile(n model.Node) File {
	return File{
		Path: n.Path, Name: n.Name, Type: n.Type, Size: n.Size, Mode: fmt.Sprintf("%04o", n.Mode&0o7777),
		ModifiedAt: utc(n.ModTime), Target: n.Target,
	}
}

func wireSnapshot(s model.Snapshot) Snapshot {
	return Snapshot{
		ID: s.ID, ConfigurationID: s.ConfigurationID, DestinationID: s.DestinationID, AppID: s.AppID,
		ResticSnapshotID: s.ResticSnapshotID, Hostname: s.Hostname, Paths: list(s.Paths),
		Status: s.Status, Restorable: s.Restorable(),
		FilesNew: s.FilesNew, FilesChanged: s.FilesChanged, FilesUnmodified: s.FilesUnmodified, TotalFiles: s.TotalFiles,
		DataAdded: s.DataAdded, DataAddedPacked: s.DataAddedPacked, TotalSize: s.TotalSize, Duration: s.Duration,
		ErrorMessage: s.ErrorMessage, FailedFiles: failedPaths(s.FailedFiles), FailedCount: s.FailedCount, Safety: s.Safety,
		StartedAt: utc(s.StartedAt), CompletedAt: utcOr(s.CompletedAt), CreatedAt: utc(s.CreatedAt),
	}
}

func failedPaths(files []model.FailedFile) (out []string) {
	for _, f := range files {
		out = append(out, f.Path)
	}
	return out
}
