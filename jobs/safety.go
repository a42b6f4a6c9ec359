package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"keepstead/device"
	"keepstead/model"
)

// safety saves the present state of an app into the run's destination before a restore replaces it, and returns the row
// of that snapshot, nil when there is nothing to save. folders are what the restore will replace: they are saved as
// files where the app's containers are gone but their data is not. The caller owns the app.
func (r *run) safety(ctx context.Context, o opened, app model.App, folders []string) (*model.Snapshot, error) {
	files, err := r.on.host.Files()
	if err != nil {
		return nil, err
	}
	p := plan{app: app, configuration: model.Configuration{
		ID: r.job.ConfigurationID, AppID: app.ID, BackupVolumes: true, BackupCompose: true, BackupEnv: true,
	}}
	if c, err := r.Store.Configuration(ctx, r.job.ConfigurationID); err == nil {
		p.configuration.Capture = c.Capture
	} else if !errors.Is(err, model.ErrNotFound) {
		return nil, err
	}
	row := r.safetyRow(o, app)
	src, err := r.present(ctx, files, p, folders)
	if err != nil || src == nil {
		return nil, err
	}
	defer src.release()
	summary, err := r.write(ctx, o, p, src, row)
	if err != nil {
		return nil, fmt.Errorf("save the present state: %w", err)
	}
	if summary.TotalFiles == 0 {
		return nil, nil
	}
	if len(src.doubts)+len(src.missing)+row.FailedCount > 0 {
		row.Status = model.SnapshotPartial
		r.log.printf("The snapshot of the present state is not whole.")
	}
	return row, nil
}

// safetyRow is the row of a safety snapshot before it is filled in.
func (r *run) safetyRow(o opened, app model.App) *model.Snapshot {
	return &model.Snapshot{
		ID: model.NewID(), ConfigurationID: r.job.ConfigurationID, DestinationID: o.destination.ID, AppID: app.ID,
		Status: model.SnapshotSuccess, Safety: true, StartedAt: r.now(), CreatedAt: r.now(),
	}
}

// safetyOfFiles saves what lies at the places, which a restore is about to overwrite, as safety does: files alone, whatever
// backups leave out. It returns nil when nothing lies there. A snapshot that is not whole comes with an error: nothing
// else would bring back what it lacks.
func (r *run) safetyOfFiles(ctx context.Context, o opened, app model.App, places []string) (*model.Snapshot, error) {
	files, err := r.on.host.Files()
	if err != nil {
		return nil, err
	}
	src := &material{release: func() {}}
	if src.usable, err = lying(files, places); err != nil || len(src.usable) == 0 {
		return nil, err
	}
	p := plan{app: app, configuration: model.Configuration{ID: r.job.ConfigurationID, AppID: app.ID}}
	if src.excludes, err = r.excludes(ctx, p, src); err != nil {
		return nil, err
	}
	row := r.safetyRow(o, app)
	if _, err := r.write(ctx, o, p, src, row); err != nil {
		return nil, fmt.Errorf("save the present state: %w", err)
	}
	return row, wholeSafety(files, row)
}

// SavedFiles says that a snapshot holds just the files that a restore was about to overwrite, and no app.
func SavedFiles(s model.Snapshot) bool {
	_, err := stagedIn(s)
	return s.Safety && s.Contents == nil && err != nil
}

// wholeSafety refuses a safety snapshot that lacks files which are still there. One that went meanwhile is lost by no restore.
func wholeSafety(files device.Files, row *model.Snapshot) error {
	if row.FailedCount == 0 {
		return nil
	}
	row.Status = model.SnapshotPartial
	left := row.FailedCount - len(row.FailedFiles)
	for _, f := range row.FailedFiles {
		if _, err := files.Lstat(f.Path); !errors.Is(err, fs.ErrNotExist) {
			left++
		}
	}
	if left == 0 {
		return nil
	}
	f := fail(model.CauseUnreadable, "Let Keepstead read them, or restore to another folder.",
		"%d %s could not be read, so the present state cannot be saved whole.", left, plural(left, "file", "files"))
	row.ErrorMessage = f.message
	return f
}

// lying returns what of the places is there, none of it within another one. Of a place that is not, it is the file that
// lies where a folder on the way to it was.
func lying(files device.Files, places []string) ([]string, error) {
	var out []string
	for _, p := range places {
		at, err := firstThere(files, p)
		switch {
		case err != nil:
			return nil, fail(model.CauseUnreadable, "Let Keepstead read it, or restore to another folder.", "%s cannot be reached: %s.", p, reason(err))
		case at == "", slices.ContainsFunc(out, func(have string) bool { return model.Within(at, have) }):
			continue
		}
		out = append(slices.DeleteFunc(out, func(have string) bool { return model.Within(have, at) }), at)
	}
	return out, nil
}

// firstThere returns the place, or the first thing above it that is there and no folder; empty where there is neither.
func firstThere(files device.Files, place string) (string, error) {
	for at := path.Clean(place); ; at = path.Dir(at) {
		info, err := files.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			continue
		case err != nil:
			return "", err
		case at != path.Clean(place) && info.IsDir():
			return "", nil
		case info.IsDir():
			entries, err := files.ReadDir(at)
			if err == nil && len(entries) == 0 {
				return "", nil
			}
			return at, err
		}
		return at, nil
	}
}

// unsaved adds to the failure of a safety snapshot how to do without it.
func unsaved(err error) error {
	var f failure
	if !errors.As(err, &f) {
		f.cause, f.message, f.mend = explain(err)
		f.err = err
	}
	f.mend = strings.TrimSpace("If the present state is not worth keeping, restore without the safety snapshot. " + f.mend)
	return f
}

// savedWords says what a safety snapshot holds.
func savedWords(s *model.Snapshot, d time.Duration) string {
	if s == nil {
		return "There is nothing to save."
	}
	return fmt.Sprintf("Saved as snapshot %.8s: %d files, %s, in %s.", s.ResticSnapshotID, s.TotalFiles, size(s.TotalSize), took(d))
}

// present gathers what is there now: a capture of the containers, or what they left behind. It returns nil when there is
// nothing.
func (r *run) present(ctx context.Context, files device.Files, p plan, folders []string) (*material, error) {
	c := &capture{id: model.NewID(), app: p.app.ID, users: 1, ready: make(chan struct{}), gone: make(chan struct{})}
	r.hire(c)
	src := &material{release: func() { r.dismiss(ctx, c) }}
	var paths []string
	switch err := r.take(ctx, p, c); {
	case err == nil:
		for _, dir := range withoutDumped(c.manifest.Contents, folders) { // what is left out of backups today may be in the snapshot that comes back
			if _, err := files.Stat(dir); err == nil {
				c.reach(dir)
			}
		}
		src.adopt(c)
		paths = c.paths
	case causeOf(err) == model.CauseSourceMissing:
		r.dismiss(ctx, c)
		src.release = func() {}
		for _, dir := range folders {
			if s := inspect(files, dir); s.err == nil && !s.empty {
				paths = append(paths, dir)
			}
		}
		if len(paths) == 0 {
			return nil, nil
		}
	default:
		src.release()
		return nil, err
	}
	var err error
	if src.sourceReport, err = r.lookAt(paths); err == nil {
		src.excludes, err = r.excludes(ctx, p, src)
	}
	if err != nil {
		src.release()
		return nil, err
	}
	return src, nil
}

// withoutDumped drops the raw folders of databases that the capture has dumps of. A restore never brings them back beside
// their dumps, and files that a server writes to while they are read would make the snapshot look less than whole.
func withoutDumped(c model.Contents, folders []string) []string {
	return slices.DeleteFunc(slices.Clone(folders), func(dir string) bool {
		return slices.ContainsFunc(c.Volumes, func(v model.ContentVolume) bool { return fromDump(c, v) && isAt(v, dir, dir) })
	})
}

// hire makes a capture known as at work beside the app's owner.
func (m *Manager) hire(c *capture) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.owned[c.id] = true
}

// dismiss takes back what the capture did and clears what it staged.
func (r *run) dismiss(ctx context.Context, c *capture) {
	r.clear(context.WithoutCancel(ctx), c)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.owned, c.id)
}

// causeOf is the word for an error of a job, or none.
func causeOf(err error) model.Cause {
	var f failure
	if errors.As(err, &f) {
		return f.cause
	}
	return ""
}
