package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// discoveryModeKey is the setting that holds the mode of discovery.
const discoveryModeKey = "discovery_mode"

// DiscoveryMode says what happens to an app that is found for the first time: model.DiscoverProtect, which holds where
// nobody chose, or model.DiscoverAsk.
func (m *Manager) DiscoveryMode(ctx context.Context) (string, error) {
	text, err := m.Store.Setting(ctx, discoveryModeKey)
	if errors.Is(err, model.ErrNotFound) || err == nil && text != model.DiscoverAsk {
		return model.DiscoverProtect, nil
	}
	return text, err
}

// SetDiscoveryMode chooses it. Apps that wait for a decision go on waiting.
func (m *Manager) SetDiscoveryMode(ctx context.Context, mode string) error {
	if mode != model.DiscoverProtect && mode != model.DiscoverAsk {
		return model.Invalid{Field: "mode", Reason: fmt.Sprintf("%q is no mode of discovery; choose protect or ask.", mode)}
	}
	return m.Store.SetSetting(ctx, discoveryModeKey, mode)
}

// AcceptApp protects an app that waits for a decision, or that was declined: it gets the configuration that it would have
// got by itself.
func (m *Manager) AcceptApp(ctx context.Context, id uuid.UUID) error {
	a, err := m.awaited(ctx, id)
	if err != nil {
		return err
	}
	policies, err := m.Store.Policies(ctx)
	if err != nil {
		return err
	}
	var found model.Found
	if a.Found != nil {
		found = *a.Found
	}
	c := automatic(a.ID, found, policies)
	if a.Pending {
		err = m.Store.DecideApp(ctx, id, c)
	} else {
		_, err = m.Store.CreateConfiguration(ctx, *c)
	}
	return m.decided(id, err)
}

// DeclineApp ends the wait of an app without protecting it. It stays, is not asked about again, and AcceptApp still
// protects it.
func (m *Manager) DeclineApp(ctx context.Context, id uuid.UUID) error {
	a, err := m.awaited(ctx, id)
	if err == nil && !a.Pending {
		err = model.Conflict{Reason: fmt.Sprintf("%q waits for no decision.", a.Name)}
	}
	if err != nil {
		return err
	}
	return m.decided(id, m.Store.DecideApp(ctx, id, nil))
}

// awaited returns an app that has no configuration yet.
func (m *Manager) awaited(ctx context.Context, id uuid.UUID) (model.App, error) {
	a, err := m.Store.App(ctx, id)
	if err != nil {
		return a, err
	}
	if !a.Containers() || a.ForgottenAt != nil {
		return a, model.Conflict{Reason: fmt.Sprintf("%q waits for no decision.", a.Name)}
	}
	mine, err := m.Store.Configurations(ctx, store.ConfigurationFilter{AppID: id})
	if err == nil && len(mine) > 0 && !a.Pending {
		err = model.Conflict{Reason: fmt.Sprintf("%q is configured already.", a.Name)}
	}
	return a, err
}

func (m *Manager) decided(id uuid.UUID, err error) error {
	if err == nil {
		m.publish(model.EventApp, id)
	}
	return err
}

// automatic is the configuration that an app gets by itself: with the policy that its labels name, or the default one.
func automatic(app uuid.UUID, found model.Found, policies []model.Policy) *model.Configuration {
	c := &model.Configuration{
		ID: model.NewID(), AppID: app, Automatic: true, Enabled: true, BackupVolumes: true, BackupCompose: true, BackupEnv: true,
	}
	for _, p := range policies {
		if p.IsDefault {
			c.PolicyID = p.ID
		}
	}
	if p, ok := labelPolicy(found, policies); ok {
		c.PolicyID = p.ID
	}
	return c
}
