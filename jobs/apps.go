package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
)

// PutApp creates or updates an app under its id (a new one where it is nil). A new app follows the default policy by
// itself.
func (m *Manager) PutApp(ctx context.Context, a model.App) (model.App, bool, error) {
	if a.ID == uuid.Nil {
		a.ID = model.NewID()
	}
	old, err := m.Store.App(ctx, a.ID)
	created := errors.Is(err, model.ErrNotFound) || err == nil && old.ForgottenAt != nil
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return a, false, err
	}
	if a, err = m.prepareApp(ctx, a, old); err != nil {
		return a, false, err
	}
	if created {
		a, err = m.createApp(ctx, a)
	} else {
		a, err = m.Store.UpdateApp(ctx, a)
	}
	if err != nil {
		return a, false, err
	}
	m.publish(model.EventApp, a.ID)
	return a, created, nil
}

// prepareApp fills in what may be left out, and checks the folders on the device itself.
func (m *Manager) prepareApp(ctx context.Context, a, old model.App) (model.App, error) {
	if old.Kind == model.AppSystem {
		return a, model.Conflict{Reason: fmt.Sprintf("%q is a part of Keepstead; it cannot be changed.", old.Name)}
	}
	if old.Containers() {
		return m.renamed(ctx, a, old)
	}
	local, err := m.Store.LocalDevice(ctx)
	if err != nil {
		return a, err
	}
	if a.DeviceID == uuid.Nil {
		a.DeviceID = local.ID
	}
	if _, err := m.Store.Device(ctx, a.DeviceID); errors.Is(err, model.ErrNotFound) {
		return a, model.Invalid{Field: "device_id", Reason: "There is no such device; declare it first."}
	} else if err != nil {
		return a, err
	}
	a.Name, a.Kind, a.CreatedAt = strings.TrimSpace(a.Name), model.AppFolders, old.CreatedAt
	a.Paths = slices.Clone(a.Paths)
	for i, p := range a.Paths {
		if filepath.IsAbs(p) && !strings.Contains(p, "..") {
			a.Paths[i] = filepath.Clean(p)
		}
	}
	a.Touch(m.now())
	if err := a.Validate(); err != nil {
		return a, err
	}
	if err := m.checkAppName(ctx, a); err != nil {
		return a, err
	}
	if old.DeviceID != a.DeviceID { // it was chosen just now, so it is what is refused
		if _, _, err := m.reachable(ctx, a.DeviceID, "device_id"); err != nil {
			return a, err
		}
	}
	return a, m.checkFolders(ctx, a.DeviceID, "paths", a.Paths)
}

// renamed is an app made of containers with the name that is asked for. Everything else of it is found, not told.
func (m *Manager) renamed(ctx context.Context, a, old model.App) (model.App, error) {
	if len(a.Paths) > 0 {
		return a, model.Invalid{
			Field: "paths", Reason: "What belongs to an app made of containers is found by itself; add further folders to its configuration.",
		}
	}
	old.Name = strings.TrimSpace(a.Name)
	old.Touch(m.now())
	if err := old.Validate(); err != nil {
		return old, err
	}
	return old, m.checkAppName(ctx, old)
}

func (m *Manager) checkAppName(ctx context.Context, a model.App) error {
	all, err := m.Store.Apps(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != a.ID && other.DeviceID == a.DeviceID && strings.EqualFold(other.Name, a.Name) {
			return model.Conflict{Field: "name", Reason: fmt.Sprintf("An app on this device is already called %q; choose another name.", other.Name)}
		}
	}
	return nil
}

// checkFolders looks at each source as it is now: a missing, unreadable or empty one is a mistake worth saying early.
func (m *Manager) checkFolders(ctx context.Context, device uuid.UUID, field string, paths []string) error {
	on, files, err := m.reachable(ctx, device, field)
	if err != nil {
		return err
	}
	var problems model.Invalids
	for _, p := range paths {
		if on.here() && model.Within(p, m.Dir) {
			problems.Add(field, "%s is Keepstead's own data; it is protected as “Keepstead database”.", p)
			continue
		}
		switch s := inspect(files, p); {
		case errors.Is(s.err, fs.ErrNotExist):
			problems.Add(field, "%s is not there; check the spelling, or mount it.", p)
		case errors.Is(s.err, fs.ErrPermission):
			problems.Add(field, "%s cannot be read; run Keepstead as a user who may read it.", p)
		case s.err != nil:
			problems.Add(field, "%s cannot be used: %v.", p, s.err)
		case s.resolved != p:
			problems.Add(field, "%s is reached through a symbolic link; give the real path %s.", p, s.resolved)
		case s.empty:
			problems.Add(field, "%s is empty; there is nothing to protect. Is its disk mounted?", p)
		}
	}
	return problems.Err()
}

func (m *Manager) createApp(ctx context.Context, a model.App) (model.App, error) {
	policy, err := m.Store.DefaultPolicy(ctx)
	if err != nil {
		return a, err
	}
	c := model.Configuration{
		ID: model.NewID(), AppID: a.ID, PolicyID: policy.ID, Automatic: true, Enabled: true,
		BackupVolumes: true, BackupCompose: true, BackupEnv: true,
	}
	c.Touch(m.now())
	return m.Store.CreateApp(ctx, a, &c)
}

// ForgetApp takes an app out of sight, with its configurations. Its snapshots stay, listed and restorable.
func (m *Manager) ForgetApp(ctx context.Context, id uuid.UUID) error {
	a, err := m.Store.App(ctx, id)
	if err != nil {
		return err
	}
	if a.Kind == model.AppSystem {
		return model.Conflict{Reason: fmt.Sprintf("%q is a part of Keepstead; pause it instead.", a.Name)}
	}
	open, err := m.Store.Jobs(ctx, model.JobFilter{AppID: id, States: []model.JobState{model.JobRunning}})
	if err != nil {
		return err
	}
	if err := m.Store.ForgetApp(ctx, id); err != nil {
		return err
	}
	for _, job := range open {
		if job.Kind == model.JobBackup {
			if err := m.Cancel(ctx, job.ID); err != nil && !errors.Is(err, model.ErrConflict) {
				m.logger.Warn("cancel a forgotten app's backup", "job", job.ID, "error", err)
			}
		}
	}
	m.publish(model.EventApp, id)
	return nil
}
