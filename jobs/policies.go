package jobs

import (
	"context"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// CreatePolicy checks and stores a new policy; its first slot is the next one from now.
func (m *Manager) CreatePolicy(ctx context.Context, p model.Policy) (model.Policy, error) {
	p.ID = model.NewID()
	now := m.now()
	p.LastSlotAt = &now
	p.Touch(now)
	if err := m.checkPolicy(ctx, p); err != nil {
		return p, err
	}
	makeDefault := p.IsDefault
	p.IsDefault = false
	if _, err := m.Store.CreatePolicy(ctx, p); err != nil {
		return p, err
	}
	return m.settlePolicy(ctx, p.ID, makeDefault)
}

// ChangePolicy checks and stores a policy. A new schedule begins with its next slot: what an old schedule missed is
// not run for a new one. Its UpdatedAt is that of the policy the change was made from: where somebody changed it since,
// the answer is a Conflict of the field version; zero compares nothing.
func (m *Manager) ChangePolicy(ctx context.Context, p model.Policy) (model.Policy, error) {
	old, err := m.Store.Policy(ctx, p.ID)
	if err != nil {
		return p, err
	}
	seen := p.UpdatedAt
	if err := old.Unchanged(seen); err != nil {
		return p, err
	}
	p.CreatedAt = old.CreatedAt
	p.Touch(m.now())
	makeDefault := p.IsDefault && !old.IsDefault
	p.IsDefault = old.IsDefault
	if err := m.checkPolicy(ctx, p); err != nil {
		return p, err
	}
	// Before the schedule itself: a tick between the two must not see the new one with the old slot.
	if err := m.beginAnew(ctx, old, p); err != nil {
		return p, err
	}
	if _, err := m.Store.UpdatePolicy(ctx, p, seen); err != nil {
		return p, err
	}
	return m.settlePolicy(ctx, p.ID, makeDefault)
}

// beginAnew moves the slot that a changed policy goes on from, where the change touches when its apps start.
func (m *Manager) beginAnew(ctx context.Context, old, p model.Policy) error {
	switch {
	case p.Schedule != old.Schedule || p.TimeZone != old.TimeZone || p.Enabled && !old.Enabled:
		return m.Store.SetLastSlot(ctx, p.ID, m.now())
	case p.JitterMinutes != old.JitterMinutes && p.Enabled:
		return m.endSpread(ctx, old, p)
	}
	return nil
}

// endSpread has a policy with another spread begin with its next run. In the middle of a spread an app may have started
// that starts later by the new one, and another not have started whose time by the new one is over: so the rest starts at
// once, and nothing of this run starts again.
func (m *Manager) endSpread(ctx context.Context, old, p model.Policy) error {
	cron, err := old.Cron()
	if err != nil {
		return err
	}
	since, now, longer := lastSlot(old), m.now(), max(old.Jitter(), p.Jitter())
	slot := cron.LastMissed(now.Add(-longer-time.Minute), now).UTC() // a minute: the last tick may be as old
	if slot.IsZero() {
		return m.Store.SetLastSlot(ctx, p.ID, now)
	}
	if end := slot.Add(old.Jitter()); end.After(since) {
		if err := m.fillSlots(ctx, old, cron, since, end); err != nil {
			return err
		}
	}
	end := slot.Add(longer)
	if end.Before(since) {
		end = since
	}
	return m.Store.SetLastSlot(ctx, p.ID, end)
}

func (m *Manager) settlePolicy(ctx context.Context, id uuid.UUID, makeDefault bool) (model.Policy, error) {
	if makeDefault {
		if err := m.Store.SetDefaultPolicy(ctx, id); err != nil {
			return model.Policy{}, err
		}
	}
	m.publish(model.EventPolicy, id)
	return m.Store.Policy(ctx, id)
}

// checkPolicy adds to the policy's own rules that its destinations exist.
func (m *Manager) checkPolicy(ctx context.Context, p model.Policy) error {
	if err := p.Validate(); err != nil {
		return err
	}
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	known := map[uuid.UUID]bool{}
	for _, d := range all {
		known[d.ID] = true
	}
	var problems model.Invalids
	if len(p.DestinationIDs) == 0 && len(all) > 0 { // only before the first destination may the default policy have none
		problems.Add("destination_ids", "Choose at least one destination; without one, the apps of this policy are not protected.")
	}
	for _, id := range p.DestinationIDs {
		if !known[id] {
			problems.Add("destination_ids", "There is no destination %s.", id)
		}
	}
	return problems.Err()
}

// DeletePolicy removes a policy that no configuration follows and that is not the default.
func (m *Manager) DeletePolicy(ctx context.Context, id uuid.UUID) error {
	if err := m.Store.DeletePolicy(ctx, id); err != nil {
		return err
	}
	m.publish(model.EventPolicy, id)
	return nil
}
