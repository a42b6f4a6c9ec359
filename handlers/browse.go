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
	if dir == "" {
		p.Dir = top(s.Paths)
	}
	nodes, err := h.Jobs.Browse(ctx, s.ID, p.Dir)
	if dir == "" && len(nodes) == 0 && err == nil { // the source is a single file
		p.Dir = path.Dir(p.Dir)
		nodes, err = h.Jobs.Browse(ctx, s.ID, p.Dir)
	}
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

// top is the deepest folder that holds all sources of a snapshot: where a person begins to look.
func top(paths []string) string {
	if len(paths) == 0 {
		return "/"
	}
	common := path.Clean(paths[0])
	for _, p := range paths[1:] {
		for !model.Within(p, common) {
			common = path.Dir(common)
		}
	}
	return common
}

// appOf returns the app of a snapshot, also a forgotten one, or one that is no longer known.
func (h *Handlers) appOf(ctx context.Context, s model.Snapshot) (model.App, error) {
	app, err := h.Store.App(ctx, s.AppID)
	if errors.Is(err, model.ErrNotFound) {
		return model.App{ID: s.AppID, Paths: s.Paths}, nil
	}
	return app, err
}
