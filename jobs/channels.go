package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/notify"
	"keepstead/secret"
)

const channelSecretsLabel = "secrets"

// CreateChannel adds a channel with its secrets. It sends nothing.
func (m *Manager) CreateChannel(ctx context.Context, c model.Channel, s model.ChannelSecrets) (model.Channel, error) {
	m.sealing.RLock()
	defer m.sealing.RUnlock()
	c = c.Tidy()
	c.ID = model.NewID()
	if err := checkChannel(c, s); err != nil {
		return c, err
	}
	if err := m.sealChannel(&c, s); err != nil {
		return c, err
	}
	c, err := m.Store.CreateChannel(ctx, c)
	return c, m.changedChannel(c.ID, err)
}

// ChangeChannel saves a channel; secrets that are empty stay as they are. Its service stays. One change is made after the
// other, so that none seals anew the secrets that another one just replaced.
func (m *Manager) ChangeChannel(ctx context.Context, c model.Channel, s model.ChannelSecrets) (model.Channel, error) {
	m.changes.Lock()
	defer m.changes.Unlock()
	m.sealing.RLock()
	defer m.sealing.RUnlock()
	c, s, err := m.mergedChannel(ctx, c, s)
	if err != nil {
		return c, err
	}
	if err := checkChannel(c, s); err != nil {
		return c, err
	}
	if err := m.sealChannel(&c, s); err != nil {
		return c, err
	}
	c, err = m.Store.UpdateChannel(ctx, c)
	return c, m.changedChannel(c.ID, err)
}

// SwitchChannel turns a channel on or off.
func (m *Manager) SwitchChannel(ctx context.Context, id uuid.UUID, on bool) error {
	return m.changedChannel(id, m.Store.SwitchChannel(ctx, id, on))
}

// DeleteChannel removes a channel and what waits for it.
func (m *Manager) DeleteChannel(ctx context.Context, id uuid.UUID) error {
	return m.changedChannel(id, m.Store.DeleteChannel(ctx, id))
}

// changedChannel tells the pages of a change that was made, and returns err.
func (m *Manager) changedChannel(id uuid.UUID, err error) error {
	if err == nil {
		m.publish(model.EventChannel, id)
	}
	return err
}

// TestChannel sends a test at once. Of a channel that is stored, empty secrets mean the stored ones. Why it failed is a
// *notify.Error in the result; a refusal of a field is the error.
func (m *Manager) TestChannel(ctx context.Context, c model.Channel, s model.ChannelSecrets) (model.ChannelTest, error) {
	stored := c.ID != uuid.Nil
	if stored {
		var err error
		if c, s, err = m.mergedChannel(ctx, c, s); err != nil {
			return model.ChannelTest{}, err
		}
	}
	c = c.Tidy()
	if c.Name == "" {
		c.Name = "Test"
	}
	c.TellsNeeds = true // a test may come before the choice
	if err := checkChannel(c, s); err != nil {
		return model.ChannelTest{}, err
	}
	message, err := m.word(ctx, c, []model.Notification{{Title: "This is a test", Text: "Keepstead reaches you here."}})
	if err != nil {
		return model.ChannelTest{}, err
	}
	err = m.sender.Send(ctx, c, s, message)
	var told *notify.Error
	switch {
	case errors.As(err, &told):
		return model.ChannelTest{Reason: told.Reason}, nil
	case err != nil || !stored:
		return model.ChannelTest{OK: err == nil}, err
	}
	return model.ChannelTest{OK: true}, m.reached(ctx, c, s)
}

// reached records that a stored channel works, unless what was tested is another address than the stored one.
func (m *Manager) reached(ctx context.Context, tested model.Channel, s model.ChannelSecrets) error {
	stored, err := m.Store.Channel(ctx, tested.ID)
	if err != nil {
		return err
	}
	kept, err := m.openChannel(stored)
	if err != nil || notify.URL(stored, kept) != notify.URL(tested, s) {
		return err
	}
	return m.changedChannel(tested.ID, m.Store.RecordDelivery(context.WithoutCancel(ctx), tested.ID, m.now(), nil))
}

// mergedChannel is a channel as it is stored with what a person chose laid over it.
func (m *Manager) mergedChannel(ctx context.Context, c model.Channel, s model.ChannelSecrets) (model.Channel, model.ChannelSecrets, error) {
	stored, err := m.Store.Channel(ctx, c.ID)
	if err != nil {
		return c, s, err
	}
	c.Service, c.Stamps = stored.Service, stored.Stamps
	c.SentAt, c.LastError, c.FailingSince = stored.SentAt, stored.LastError, stored.FailingSince
	c = c.Tidy()
	kept, err := m.openChannel(stored)
	if err != nil {
		return c, s, err
	}
	// A server that is new must not get the password of the one before: whoever may edit would read it there.
	if c.Server != stored.Server && s.Token == "" && kept.Token != "" {
		return c, s, model.Invalid{Field: "token", Reason: "The server is another one: give the token or password again."}
	}
	return c, s.Over(kept), nil
}

func checkChannel(c model.Channel, s model.ChannelSecrets) error {
	problems := append(model.Refused(c.Validate()), model.Refused(s.Validate(c.Service))...)
	if err := problems.Err(); err != nil {
		return err
	}
	return notify.Check(c, s)
}

func (m *Manager) sealChannel(c *model.Channel, s model.ChannelSecrets) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the secrets of a channel: %w", err)
	}
	c.Secrets, err = m.Box.Seal(string(text), secret.Label("channels", channelSecretsLabel, c.ID))
	return err
}

// openChannel opens the secrets of a channel: the last line before they are used.
func (m *Manager) openChannel(c model.Channel) (s model.ChannelSecrets, err error) {
	text, err := m.Box.Open(c.Secrets, secret.Label("channels", channelSecretsLabel, c.ID))
	if err != nil || text == "" {
		return s, err
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, errors.New("read the secrets of a channel: they are not as they were written")
	}
	return s, nil
}
