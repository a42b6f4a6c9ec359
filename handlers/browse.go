package handlers

import (
	"context"
	"errors"
	"path"

	"keepstead/model"
	"keepstead/views"
)

// files reads one folder of a snapshot. What keeps it from being read is said in its place: the page around it is
// still of use.
func (h *Handlers) files(ctx context.Context, s model.Snapshot, dir string) (views.SnapshotFilesProps, error) {
	p := views.SnapshotFilesProps{Clock: h.frame().Clock, SnapshotID: s.ID, Dir: path.Clean("/" + dir)}
	if !s.Restorable() {
		return p, nil
	}
	nodes, err := h.Jobs.Browse(ctx, s.ID, p.Dir)
	switch {
	case errors.Is(err, model.ErrNotFound):
		p.Error = "There is no such folder in this snapshot."
	case err != nil && sentence(err) != "":
		p.Error = sentence(err)
	case err != nil:
		h.Log.Error("browse a snapshot", "snapshot", s.ID, "error", err)
		p.Error = "The destination cannot be read now. Test it on its page, then try again."
	}
	p.Nodes = nodes
	return p, nil
}

// appOf returns the app of a snapshot, also a forgotten one, or one that is no longer known.
func (h *Handlers) appOf(ctx context.Context, s model.Snapshot) (model.App, error) {
	app, err := h.Store.App(ctx, s.AppID)
	if errors.Is(err, model.ErrNotFound) {
		return model.App{ID: s.AppID, Paths: s.Paths}, nil
	}
	return app, err
}
