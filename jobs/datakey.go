package jobs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
)

// sealingPatience is how long a rotation of the data key waits for a form that is being saved.
const sealingPatience = 5 * time.Second

// errSealing is that it waited in vain.
var errSealing = model.Conflict{Reason: "A destination or a device is being saved now. Wait until that has ended, then try again."}

// OwnKeys says what protects the credentials in the database.
func (m *Manager) OwnKeys(ctx context.Context) (model.OwnKeys, error) {
	keys, err := m.Store.DataKeys(ctx)
	if err != nil || len(keys) == 0 {
		return model.OwnKeys{}, err
	}
	values, err := m.Store.SealedValues(ctx)
	newest := keys[len(keys)-1]
	return model.OwnKeys{Master: newest.Source, Made: newest.CreatedAt, Sealed: len(values)}, err
}

// RotateDataKey makes a new data key, seals every credential in the database with it, and removes the old one. Jobs that run
// are not disturbed: they have opened what they need, or open it with either key.
func (m *Manager) RotateDataKey(ctx context.Context) error {
	if err := m.sealAlone(ctx); err != nil {
		return err
	}
	defer m.sealing.Unlock()
	key, next, err := m.Box.Next()
	if err != nil {
		return err
	}
	if err := m.settleDataKey(ctx, key, next, ReplaceDataKey(ctx, m.Store, m.Box, key, next)); err != nil {
		return err
	}
	m.logger.Info("the data key was rotated", "key", key.ID)
	return nil
}

// sealAlone waits until nobody seals something for the database, and keeps others from it.
func (m *Manager) sealAlone(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, sealingPatience, errSealing)
	defer cancel()
	for !m.sealing.TryLock() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// settleDataKey asks the database which key it has where replacing it failed: a transaction whose end was not heard of may
// have come to it.
func (m *Manager) settleDataKey(ctx context.Context, key model.DataKey, next *secret.Box, why error) error {
	if why == nil {
		return nil
	}
	keys, err := m.Store.DataKeys(context.WithoutCancel(ctx))
	if err != nil {
		return errors.Join(why, err)
	}
	if !slices.ContainsFunc(keys, func(k model.DataKey) bool { return k.ID == key.ID }) {
		return why
	}
	m.Box.Take(next)
	m.logger.Warn("the database has the new data key, though it did not say so", "error", why)
	return nil
}

// Sealing is held by whoever brings something sealed into the database without a Manager, from the sealing to the writing.
func (m *Manager) Sealing() sync.Locker { return m.sealing.RLocker() }

// ReplaceDataKey has the database take a new data key, which next seals with, in place of those of box: for a command where no
// server runs, which may have another master key wrap it.
func ReplaceDataKey(ctx context.Context, st *store.Store, box *secret.Box, key model.DataKey, next *secret.Box) error {
	box.Know(next) // who reads a row the moment the database has it opens it
	return st.ReplaceDataKeys(ctx, key, func(v store.SealedValue) (model.Sealed, error) {
		label := secret.Label(v.Table, v.Column, v.Row)
		plain, err := box.Open(v.Value, label)
		if err != nil {
			return nil, err
		}
		return next.Seal(plain, label)
	}, func() { box.Take(next) })
}
