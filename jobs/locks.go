package jobs

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"keepstead/model"
)

// errInRepository keeps locks from being removed while a job of ours may be the maker of one of them.
var errInRepository = model.Conflict{Reason: "A job of Keepstead is in this repository now, and a lock may be its own. Wait until it has ended."}

// Locks lists the locks on a destination's repository, the oldest first, without taking one.
func (m *Manager) Locks(ctx context.Context, destination uuid.UUID) ([]model.Lock, error) {
	var out []model.Lock
	err := m.quickly(ctx, destination, func(ctx context.Context, o opened) error {
		locks, err := o.repo.Locks(ctx)
		for _, l := range locks {
			out = append(out, model.Lock{ID: l.ID, Host: l.Hostname, User: l.Username, PID: l.PID, Since: l.Time.UTC(), Exclusive: l.Exclusive})
		}
		return err
	})
	slices.SortFunc(out, func(a, b model.Lock) int { return a.Since.Compare(b.Since) })
	return out, err
}

// InRepository says that a job of ours is at work in a destination's repository.
func (m *Manager) InRepository(destination uuid.UUID) bool {
	alone := m.sharing(destination)
	if !alone.TryLock() {
		return true
	}
	alone.Unlock()
	return false
}

// RemoveLocks removes those of the locks that are still there, one by one by their ids, and counts them. One that its maker
// has renewed since it was listed has another id, and stays (ADR 0020).
func (m *Manager) RemoveLocks(ctx context.Context, destination uuid.UUID, ids []string) (removed int, err error) {
	if len(ids) == 0 {
		return 0, model.Invalid{Field: "locks", Reason: "Choose at least one lock."}
	}
	if _, err := m.Store.Destination(ctx, destination); err != nil {
		return 0, err
	}
	alone := m.sharing(destination)
	if !alone.TryLock() {
		return 0, errInRepository
	}
	defer alone.Unlock()
	err = m.quickly(ctx, destination, func(ctx context.Context, o opened) error {
		there, err := o.repo.Locks(ctx)
		if err != nil {
			return err
		}
		for _, l := range there {
			if !slices.Contains(ids, l.ID) {
				continue
			}
			if err := o.place.RemoveLock(ctx, l.ID); err != nil {
				return err
			}
			removed++
			m.logger.Info("a lock was removed by hand", "destination", o.destination.Name, "lock", l.ID, "host", l.Hostname, "user", l.Username, "pid", l.PID, "since", l.Time)
		}
		return nil
	})
	return removed, err
}
