package jobs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/secret"
)

// Keys lists the keys of a destination's repository, the oldest first, without taking a lock.
func (m *Manager) Keys(ctx context.Context, destination uuid.UUID) ([]model.RepositoryKey, error) {
	var out []model.RepositoryKey
	err := m.quickly(ctx, destination, func(ctx context.Context, o opened) error {
		keys, err := o.repo.Keys(ctx)
		for _, k := range keys {
			out = append(out, model.RepositoryKey{ID: k.ID, Host: k.Hostname, User: k.Username, Made: k.Created, Current: k.Current})
		}
		return keyTrouble(err)
	})
	slices.SortFunc(out, func(a, b model.RepositoryKey) int { return a.Made.Compare(b.Made) })
	return out, err
}

// AddKey gives a repository a key with a password that a person chose, and returns its id. The password is passed on to
// restic, and kept nowhere.
func (m *Manager) AddKey(ctx context.Context, destination uuid.UUID, key model.OwnKey) (id string, err error) {
	d, err := m.Store.Destination(ctx, destination)
	if err != nil {
		return "", err
	}
	if err := key.Validate(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, quickLimit)
	defer cancel()
	o, err := m.openKeys(ctx, d, purpose{addsKey: true})
	if err != nil {
		return "", err
	}
	defer m.endQuick(o)
	keys, err := o.repo.Keys(ctx)
	if err != nil {
		return "", keyTrouble(err)
	}
	if len(keys) >= model.MaxRepositoryKeys {
		return "", model.Conflict{Reason: "The repository has as many keys as restic looks at. Remove one that nobody needs first."}
	}
	if err := m.opensNothing(ctx, o, key.Password); err != nil {
		return "", err
	}
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	if id, err = o.repo.AddKey(ctx, key.Password, key.Name, host); err != nil {
		return "", keyTrouble(err)
	}
	m.logger.Info("a key was added by hand", "destination", d.Name, "key", id, "for", key.Name)
	return id, nil
}

// openKeys opens a repository for a change of its keys, once its storage has answered; endQuick gives it up.
func (m *Manager) openKeys(ctx context.Context, d model.Destination, p purpose) (o opened, err error) {
	if p.on, err = m.machine(ctx, uuid.Nil); err != nil {
		return opened{}, err
	}
	p.runDir = filepath.Join(m.Dir, "runs", "quick-"+model.NewID().String())
	if o, err = m.open(ctx, d, p); err != nil {
		return opened{}, err
	}
	return m.answering(ctx, o)
}

// opensNothing refuses a password that opens the repository already: removing one of its keys would not be what it seems.
func (m *Manager) opensNothing(ctx context.Context, o opened, password string) error {
	repo := o.repo
	repo.Password = password
	switch _, err := repo.Config(ctx); {
	case err == nil:
		return model.Invalid{Field: "password", Reason: "This password opens the repository already; choose another one."}
	case !errors.Is(err, restic.ErrWrongPassword):
		return keyTrouble(err)
	}
	return nil
}

// RemoveKey takes a key away that Keepstead does not use.
func (m *Manager) RemoveKey(ctx context.Context, destination uuid.UUID, id string) error {
	if _, err := m.Store.Destination(ctx, destination); err != nil {
		return err
	}
	alone := m.sharing(destination)
	if !alone.TryLock() {
		return model.Conflict{Reason: "A job of Keepstead is in this repository now, and a key can only be removed by somebody who is alone there. Wait until it has ended."}
	}
	defer alone.Unlock()
	d, err := m.Store.Destination(ctx, destination) // as it is now: a rotation may have ended before the lock was ours
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, quickLimit)
	defer cancel()
	o, err := m.openKeys(ctx, d, purpose{removes: true})
	if err != nil {
		return err
	}
	defer m.endQuick(o)
	if err := m.removable(ctx, o, id); err != nil {
		return err
	}
	if err := o.repo.RemoveKey(ctx, id); err != nil {
		return m.keyStays(ctx, o, id, err)
	}
	m.logger.Info("a key was removed by hand", "destination", d.Name, "key", id)
	if !slices.Contains(d.ReplacedKeys, id) {
		return nil
	}
	err = m.Store.SetReplacedKeys(ctx, d.ID, slices.DeleteFunc(d.ReplacedKeys, func(other string) bool { return other == id }))
	m.publish(model.EventDestination, d.ID)
	return err
}

// removable refuses the key that Keepstead uses, which is also what the last one would be, and the one that a rotation which
// was cut off may have added: the next try needs it.
func (m *Manager) removable(ctx context.Context, o opened, id string) error {
	keys, err := o.repo.Keys(ctx)
	if err != nil {
		return keyTrouble(err)
	}
	i := slices.IndexFunc(keys, func(k restic.Key) bool { return k.ID == id })
	switch {
	case i < 0:
		return model.ErrNotFound
	case keys[i].Current:
		return model.Conflict{Reason: "Keepstead opens the repository with this key. Rotate it instead."}
	}
	return m.unknownNext(ctx, o, "")
}

// unknownNext refuses, at a field, where the repository knows the password that a rotation has begun to give it.
func (m *Manager) unknownNext(ctx context.Context, o opened, field string) error {
	if !o.destination.Rotating() {
		return nil
	}
	next, err := m.Box.Open(o.destination.NextPassword, secret.Label(destinationTable, nextColumn, o.destination.ID))
	if err != nil {
		return err
	}
	repo := o.repo
	repo.Password = next
	switch _, err := repo.Config(ctx); {
	case errors.Is(err, restic.ErrWrongPassword):
		return nil
	case err != nil:
		return keyTrouble(err)
	}
	return model.Conflict{Field: field, Reason: "A rotation of the key was begun and has not ended. Complete it first."}
}

// callOff takes back what a rotation has left in the row, where a person gives the password that opens the repository: one
// that cannot get its key into the repository would stay begun for ever. The key of that password is replaced no more.
func (m *Manager) callOff(ctx context.Context, o opened) (model.Destination, error) {
	d := o.destination
	if err := m.unknownNext(ctx, o, "repo_password"); err != nil {
		return d, err
	}
	left := slices.Clone(d.ReplacedKeys)
	if d.Rotating() {
		d.NextPassword, left = nil, left[:max(len(left)-1, 0)] // the last is the key that was in use when it began
	}
	if len(left) > 0 {
		keys, err := o.repo.Keys(ctx)
		if err != nil {
			return d, keyTrouble(err)
		}
		left = slices.DeleteFunc(left, func(id string) bool {
			return slices.ContainsFunc(keys, func(k restic.Key) bool { return k.ID == id && k.Current })
		})
	}
	if d.ReplacedKeys = left; len(left) == 0 {
		d.ReplacedKeys = nil
	}
	return d, nil
}

// keyStays says why a key could not be removed.
func (m *Manager) keyStays(ctx context.Context, o opened, id string, why error) error {
	if errors.Is(keyTrouble(why), model.ErrBusy) {
		return keyTrouble(why)
	}
	keys, err := o.repo.Keys(ctx)
	if err == nil && slices.ContainsFunc(keys, func(k restic.Key) bool { return k.ID == id }) {
		m.logger.Warn("a key could not be removed", "destination", o.destination.Name, "key", id, "error", why)
		return model.Conflict{Reason: "The storage does not let this key be deleted, so its password still opens the repository."}
	}
	return why
}

// keyTrouble says in a sentence what kept restic from a repository's keys, where that is known.
func keyTrouble(err error) error {
	for _, k := range known {
		if errors.Is(err, k.err) {
			return model.Busy{Reason: k.message + " " + k.mend}
		}
	}
	return err
}
