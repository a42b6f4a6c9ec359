package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Apps lists the apps that are not forgotten, by name, without what discovery found of them.
func (s *Store) Apps(ctx context.Context) ([]model.App, error) {
	return all[model.App](ctx, s.r, "list apps", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ExcludeColumn("found").Where("forgotten_at IS NULL").Order("name", "id")
	})
}

// App returns one app, a forgotten one too.
func (s *Store) App(ctx context.Context, id uuid.UUID) (model.App, error) {
	return one[model.App](ctx, s.r, "read an app", id)
}

// CreateApp adds an app together with the configuration made for it by itself, which may be nil. An id that was
// forgotten is taken up again.
func (s *Store) CreateApp(ctx context.Context, a model.App, automatic *model.Configuration) (model.App, error) {
	newID(&a.ID, model.NewID)
	a.ForgottenAt = nil
	stamp(&a.Stamps)
	return a, s.write(ctx, "create an app", func(ctx context.Context, tx bun.Tx) error {
		if err := reviveOrInsert(ctx, tx, &a); err != nil {
			return appRefused(a, err)
		}
		if automatic == nil {
			return nil
		}
		c := *automatic
		c.AppID, c.Automatic = a.ID, true
		_, err := createConfiguration(ctx, tx, c)
		return err
	})
}

func reviveOrInsert(ctx context.Context, tx bun.Tx, a *model.App) error {
	var old model.App
	err := tx.NewSelect().Model(&old).Where("id = ?", a.ID).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return insert(ctx, tx, a)
	case err != nil:
		return err
	case old.ForgottenAt == nil:
		return model.Conflict{Field: "id", Reason: "An app with this id is already there."}
	}
	a.CreatedAt = old.CreatedAt
	return update(ctx, tx, a)
}

// appRefused says in a sentence what a constraint of the table refused.
func appRefused(a model.App, err error) error {
	err = taken(err, "name", "This device already has an app named “%s”.", a.Name)
	return orphan(err, "device_id", "There is no such device.")
}

// UpdateApp writes all fields of an app that is not forgotten, but what discovery found of it.
func (s *Store) UpdateApp(ctx context.Context, a model.App) (model.App, error) {
	stamp(&a.Stamps)
	return a, s.write(ctx, "change an app", func(ctx context.Context, tx bun.Tx) error {
		if err := mustHave[model.App](ctx, tx, a.ID, "forgotten_at IS NULL"); err != nil {
			return err
		}
		return appRefused(a, update(ctx, tx, &a, "found", "forgotten_at", "created_at"))
	})
}

// ForgetApp hides an app: its configurations go, its queued jobs are cancelled, its snapshots and their names stay.
func (s *Store) ForgetApp(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "forget an app", func(ctx context.Context, tx bun.Tx) error {
		at := now()
		err := touched(tx.NewRaw("UPDATE apps SET forgotten_at = ?, updated_at = ? WHERE id = ? AND forgotten_at IS NULL", at, at, id).Exec(ctx))
		if err != nil {
			return err
		}
		if _, err := tx.NewRaw("DELETE FROM configurations WHERE app_id = ?", id).Exec(ctx); err != nil {
			return err
		}
		return cancelQueued(ctx, tx, "The app was forgotten.", "app_id = ?", id)
	})
}

// mustHave is sql.ErrNoRows unless the row id of T also meets the condition.
func mustHave[T any](ctx context.Context, tx bun.Tx, id uuid.UUID, condition string) error {
	q := tx.NewSelect().Model((*T)(nil)).Where("id = ?", id)
	if condition != "" {
		q = q.Where(condition)
	}
	found, err := q.Exists(ctx)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}
