package handlers

import (
	"context"
	"errors"
	"path"

	"keepstead/model"
	"keepstead/views"
	"keepstead/views/ui"
)

// folderRows are the entries of one page of a folder: as many as a browser shows at once without a pause.
const folderRows = 500

// files reads one folder of a snapshot. What keeps it from being read is said in its place: the page around it is
// still of use.
func (h *Handlers) files(ctx context.Context, clock ui.Clock, s model.Snapshot, dir, after string) (views.SnapshotFilesProps, error) {
	p := views.SnapshotFilesProps{Clock: clock, SnapshotID: s.ID, Dir: path.Clean("/" + dir)}
	if !s.Restorable() {
		return p, nil
	}
	if dir == "" {
		p.Dir = top(s.Paths)
	}
	page, err := h.Jobs.BrowsePage(ctx, s.ID, model.FolderQuery{Dir: p.Dir, After: after, Limit: folderRows})
	missing := errors.Is(err, model.ErrNotFound) || err == nil && page.Total == 0
	if dir == "" && missing && p.Dir != "/" { // the source is a single file
		if around, found := h.Jobs.BrowsePage(ctx, s.ID, model.FolderQuery{Dir: path.Dir(p.Dir), Limit: folderRows}); found == nil {
			p.Dir, page, err = path.Dir(p.Dir), around, nil
		}
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
	p.Nodes, p.Total, p.Next = page.Nodes, page.Total, page.Next
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
