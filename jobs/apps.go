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
	"keepstead/store"
)

// PutDevice creates or updates a device under the id it comes with.
func (m *Manager) PutDevice(ctx context.Context, d model.Device) (model.Device, bool, error) {
	d.Name = strings.TrimSpace(d.Name)
	if d.Kind == "" {
		d.Kind = model.DeviceLocal
	}
	old, err := m.Store.Device(ctx, d.ID)
	created := errors.Is(err, model.ErrNotFound)
	if err != nil && !created {
		return d, false, err
	}
	if created {
		local, err := m.Store.LocalDevice(ctx)
		if err != nil {
			return d, false, err
		}
		d.Hostname, d.OS, d.Arch = local.Hostname, local.OS, local.Arch
	} else {
		name, kind, address := d.Name, d.Kind, d.Address
		d = old
		d.Name, d.Kind, d.Address = name, kind, address
	}
	d.Touch(m.now())
	if err := d.Validate(); err != nil {
		return d, false, err
	}
	write := m.Store.UpdateDevice
	if created {
		write = m.Store.CreateDevice
	}
	if d, err = write(ctx, d); err != nil {
		return d, false, err
	}
	m.publish(model.EventDevice, d.ID)
	return d, created, nil
}

// DeleteDevice forgets a device that no app or destination is on.
func (m *Manager) DeleteDevice(ctx context.Context, id uuid.UUID) error {
	if err := m.Store.DeleteDevice(ctx, id); err != nil {
		return err
	}
	m.publish(model.EventDevice, id)
	return nil
}

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
	return a, m.checkFolders("paths", a.Paths)
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
func (m *Manager) checkFolders(field string, paths []string) error {
	files, err := m.Host.Files()
	if err != nil {
		return err
	}
	var problems model.Invalids
	for _, p := range paths {
		if model.Within(p, m.Dir) {
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

// CreateConfiguration joins an app to a policy. The first one asked for takes over the configuration that was made by
// itself for the app, under the same id; the same pair again is a conflict.
func (m *Manager) CreateConfiguration(ctx context.Context, c model.Configuration) (model.Configuration, bool, error) {
	c.Touch(m.now())
	if err := m.checkConfiguration(ctx, c); err != nil {
		return c, false, err
	}
	mine, err := m.Store.Configurations(ctx, store.ConfigurationFilter{AppID: c.AppID})
	if err != nil {
		return c, false, err
	}
	for _, other := range mine {
		if other.PolicyID != c.PolicyID {
			continue
		}
		if !other.Automatic {
			return c, false, model.Conflict{Field: "policy_id", Reason: "This app already follows this policy; change that configuration instead."}
		}
		c.ID, c.Automatic, c.CreatedAt = other.ID, false, other.CreatedAt
		c.IsSystemBackup, c.SystemType = other.IsSystemBackup, other.SystemType
		c.FrozenAt, c.FrozenReason = other.FrozenAt, other.FrozenReason
		c, err = m.writeConfiguration(ctx, c, m.Store.UpdateConfiguration)
		return c, true, err
	}
	app, err := m.Store.App(ctx, c.AppID)
	if err != nil {
		return c, false, err
	}
	c.ID, c.Automatic = model.NewID(), false
	c.IsSystemBackup, c.SystemType = app.Kind == model.AppSystem, app.SystemType
	c, err = m.writeConfiguration(ctx, c, m.Store.CreateConfiguration)
	return c, false, err
}

// writeConfiguration stores a checked configuration and tells the pages.
func (m *Manager) writeConfiguration(
	ctx context.Context, c model.Configuration, write func(context.Context, model.Configuration) (model.Configuration, error),
) (model.Configuration, error) {
	c, err := write(ctx, c)
	if err != nil {
		return c, err
	}
	m.publish(model.EventConfiguration, c.ID)
	m.publish(model.EventApp, c.AppID)
	return c, nil
}

// checkConfiguration adds to the configuration's own rules that its app and policy exist and its folders can be read.
func (m *Manager) checkConfiguration(ctx context.Context, c model.Configuration) error {
	if err := c.Validate(); err != nil {
		return err
	}
	var problems model.Invalids
	app, err := m.Store.App(ctx, c.AppID)
	switch {
	case errors.Is(err, model.ErrNotFound) || err == nil && app.ForgottenAt != nil:
		problems.Add("app_id", "There is no such app; declare it first.")
	case err != nil:
		return err
	}
	if _, err := m.Store.Policy(ctx, c.PolicyID); errors.Is(err, model.ErrNotFound) {
		problems.Add("policy_id", "There is no such policy.")
	} else if err != nil {
		return err
	}
	if err := problems.Err(); err != nil {
		return err
	}
	return m.checkFolders("include_paths", c.IncludePaths)
}

// ChangeConfiguration stores new scope, paths, policy, override or toggle. App, origin and freeze stay as they are.
func (m *Manager) ChangeConfiguration(ctx context.Context, c model.Configuration) (model.Configuration, error) {
	old, err := m.Store.Configuration(ctx, c.ID)
	if err != nil {
		return c, err
	}
	c.AppID, c.Automatic, c.CreatedAt = old.AppID, old.Automatic && c.PolicyID == old.PolicyID, old.CreatedAt
	c.IsSystemBackup, c.SystemType = old.IsSystemBackup, old.SystemType
	c.FrozenAt, c.FrozenReason = old.FrozenAt, old.FrozenReason
	c.Touch(m.now())
	if slices.Equal(c.IncludePaths, old.IncludePaths) {
		err = c.Validate()
	} else {
		err = m.checkConfiguration(ctx, c)
	}
	if err != nil {
		return c, err
	}
	if _, err := m.Store.Policy(ctx, c.PolicyID); errors.Is(err, model.ErrNotFound) {
		return c, model.Invalid{Field: "policy_id", Reason: "There is no such policy."}
	} else if err != nil {
		return c, err
	}
	return m.writeConfiguration(ctx, c, m.Store.UpdateConfiguration)
}

// DeleteConfiguration takes an app off a policy. Its snapshots stay.
func (m *Manager) DeleteConfiguration(ctx context.Context, id uuid.UUID) error {
	c, err := m.Store.Configuration(ctx, id)
	if err != nil {
		return err
	}
	if c.IsSystemBackup {
		return model.Conflict{Reason: "A part of Keepstead stays configured; turn it off instead."}
	}
	if err := m.Store.DeleteConfiguration(ctx, id); err != nil {
		return err
	}
	m.publish(model.EventApp, c.AppID)
	return nil
}

// Unfreeze says that somebody has looked and the source is right as it is: retention goes on, and the next backup is
// the new measure.
func (m *Manager) Unfreeze(ctx context.Context, id uuid.UUID) error {
	c, err := m.Store.Configuration(ctx, id)
	if err != nil {
		return err
	}
	if c.FrozenAt == nil {
		return model.Conflict{Reason: "Retention is not held back for this app."}
	}
	if err := m.Store.Unfreeze(ctx, id); err != nil {
		return err
	}
	m.publish(model.EventConfiguration, id)
	m.publish(model.EventApp, c.AppID)
	return nil
}
