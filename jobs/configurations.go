package jobs

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

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
	return m.checkFolders(ctx, app.DeviceID, "include_paths", c.IncludePaths)
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
