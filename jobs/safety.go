package jobs

import (
	"context"
	"errors"
	"fmt"

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
	row := &model.Snapshot{
		ID: model.NewID(), ConfigurationID: p.configuration.ID, DestinationID: o.destination.ID, AppID: app.ID,
		Status: model.SnapshotSuccess, Safety: true, StartedAt: r.now(), CreatedAt: r.now(),
	}
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

// present gathers what is there now: a capture of the containers, or what they left behind. It returns nil when there is
// nothing.
func (r *run) present(ctx context.Context, files device.Files, p plan, folders []string) (*material, error) {
	c := &capture{id: model.NewID(), app: p.app.ID, users: 1, ready: make(chan struct{}), gone: make(chan struct{})}
	r.hire(c)
	src := &material{release: func() { r.dismiss(ctx, c) }}
	var paths []string
	switch err := r.take(ctx, p, c); {
	case err == nil:
		for _, dir := range folders { // what is left out of backups today may be in the snapshot that comes back
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
