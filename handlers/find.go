package handlers

import (
	"context"
	"errors"
	"path"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// FindInApp finds a file in all snapshots of an app.
func (h *Handlers) FindInApp(c *fiber.Ctx) error {
	app, err := named(c, h.Store.App)
	if err != nil {
		return err
	}
	return h.find(c, views.FindProps{App: app}, model.FileQuery{AppID: app.ID})
}

// FindInSnapshot finds a file in a snapshot, or in all snapshots of its app.
func (h *Handlers) FindInSnapshot(c *fiber.Ctx) error {
	s, err := named(c, h.Store.Snapshot)
	if err != nil {
		return err
	}
	item, err := h.snapshotItem(c.UserContext(), s)
	if err != nil {
		return err
	}
	app, err := h.appOf(c.UserContext(), s)
	if err != nil {
		return err
	}
	q := model.FileQuery{AppID: s.AppID, Snapshot: s.ID}
	if c.Query("in") == "app" {
		q.Snapshot = uuid.Nil
	}
	return h.find(c, views.FindProps{App: app, Snapshot: &item}, q)
}

// find answers a search. What keeps it from being made is said at its field.
func (h *Handlers) find(c *fiber.Ctx, p views.FindProps, q model.FileQuery) (err error) {
	if p.Form, err = query[views.FindForm](c); err != nil {
		return err
	}
	if p.Chrome, err = h.chrome(c); err != nil {
		return err
	}
	if q.Text = p.Form.Text; q.Text == "" {
		return render(c, views.FindPage(p))
	}
	hits, err := h.Jobs.SearchFiles(c.UserContext(), q)
	switch {
	case err == nil:
		p.Hits = &hits
	case len(model.Refused(err)) > 0:
		c.Status(fiber.StatusUnprocessableEntity)
		p.Reason = sentence(err)
	case q.Snapshot == uuid.Nil || sentence(err) != "" || errors.Is(err, model.ErrNotFound):
		return err
	default: // restic was asked
		h.Log.Error("search a snapshot", "snapshot", q.Snapshot, "error", err)
		c.Status(fiber.StatusServiceUnavailable)
		p.Reason = "The destination cannot be read now, and this snapshot is not indexed. Test the destination on its page, then try again."
	}
	return render(c, views.FindPage(p))
}

// FileVersions lists the states that a file had in the snapshots of an app.
func (h *Handlers) FileVersions(c *fiber.Ctx) error {
	app, err := named(c, h.Store.App)
	if err != nil {
		return err
	}
	p := views.VersionsProps{App: app, Path: path.Clean("/" + c.Query("path")), Started: map[uuid.UUID]views.SnapshotItem{}}
	if p.Chrome, err = h.chrome(c); err != nil {
		return err
	}
	if p.Versions, err = h.Jobs.FileVersions(c.UserContext(), app.ID, p.Path); err != nil {
		return err
	}
	for _, v := range p.Versions {
		for _, id := range v.Snapshots[:min(len(v.Snapshots), views.VersionSnapshots)] {
			if p.Started[id], err = h.shown(c.UserContext(), id); err != nil {
				return err
			}
		}
	}
	return render(c, views.VersionsPage(p))
}

// shown is a snapshot as pages show it; one that went meanwhile is shown by its id alone.
func (h *Handlers) shown(ctx context.Context, id uuid.UUID) (views.SnapshotItem, error) {
	s, err := h.Store.Snapshot(ctx, id)
	if errors.Is(err, model.ErrNotFound) {
		return views.SnapshotItem{Snapshot: model.Snapshot{ID: id}}, nil
	}
	if err != nil {
		return views.SnapshotItem{}, err
	}
	return h.snapshotItem(ctx, s)
}
