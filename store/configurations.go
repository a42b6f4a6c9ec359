package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// ConfigurationFilter selects configurations. Zero fields do not filter.
type ConfigurationFilter struct {
	AppID         uuid.UUID
	PolicyID      uuid.UUID
	DestinationID uuid.UUID // those whose policy has this destination
}

// Configurations lists the chosen configurations, oldest first.
func (s *Store) Configurations(ctx context.Context, f ConfigurationFilter) ([]model.Configuration, error) {
	return all[model.Configuration](ctx, s.r, "list configurations", func(q *bun.SelectQuery) *bun.SelectQuery {
		if f.AppID != uuid.Nil {
			q = q.Where("app_id = ?", f.AppID)
		}
		if f.PolicyID != uuid.Nil {
			q = q.Where("policy_id = ?", f.PolicyID)
		}
		if f.DestinationID != uuid.Nil {
			q = q.Where("policy_id IN (SELECT policy_id FROM policy_destinations WHERE destination_id = ?)", f.DestinationID)
		}
		return q.Order("id")
	})
}

// Configuration returns one configuration.
func (s *Store) Configuration(ctx context.Context, id uuid.UUID) (model.Configuration, error) {
	return one[model.Configuration](ctx, s.r, "read a configuration", id)
}

// AutomaticConfiguration returns the configuration that was made by itself for an app and that nobody took over yet.
func (s *Store) AutomaticConfiguration(ctx context.Context, appID uuid.UUID) (model.Configuration, error) {
	return first[model.Configuration](ctx, s.r, "read a configuration", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("app_id = ? AND automatic", appID)
	})
}

// CreateConfiguration joins an app to a policy. The same pair twice is a Conflict.
func (s *Store) CreateConfiguration(ctx context.Context, c model.Configuration) (out model.Configuration, err error) {
	err = s.write(ctx, "create a configuration", func(ctx context.Context, tx bun.Tx) error {
		out, err = createConfiguration(ctx, tx, c)
		return err
	})
	return out, err
}

func createConfiguration(ctx context.Context, tx bun.Tx, c model.Configuration) (model.Configuration, error) {
	newID(&c.ID, model.NewID)
	stamp(&c.Stamps)
	if err := configurationLinks(ctx, tx, c); err != nil {
		return c, err
	}
	return c, configurationRefused(insert(ctx, tx, &c))
}

// configurationLinks refuses an app or a policy that is not there.
func configurationLinks(ctx context.Context, tx bun.Tx, c model.Configuration) error {
	if err := mustHave[model.App](ctx, tx, c.AppID, "forgotten_at IS NULL"); err != nil {
		return missing(err, "app_id", "There is no such app.")
	}
	return missing(mustHave[model.Policy](ctx, tx, c.PolicyID, ""), "policy_id", "There is no such policy.")
}

func configurationRefused(err error) error {
	return taken(err, "policy_id", "This app already follows this policy.")
}

// UpdateConfiguration writes all fields of a configuration but its freeze.
func (s *Store) UpdateConfiguration(ctx context.Context, c model.Configuration) (model.Configuration, error) {
	stamp(&c.Stamps)
	return c, s.write(ctx, "change a configuration", func(ctx context.Context, tx bun.Tx) error {
		if err := mustHave[model.Configuration](ctx, tx, c.ID, ""); err != nil {
			return err
		}
		if err := configurationLinks(ctx, tx, c); err != nil {
			return err
		}
		return configurationRefused(update(ctx, tx, &c, "frozen_at", "frozen_reason", "created_at"))
	})
}

// DeleteConfiguration removes a configuration and cancels its queued jobs; its snapshots stay.
func (s *Store) DeleteConfiguration(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "delete a configuration", func(ctx context.Context, tx bun.Tx) error {
		if err := touched(tx.NewDelete().Model((*model.Configuration)(nil)).Where("id = ?", id).Exec(ctx)); err != nil {
			return err
		}
		return cancelQueued(ctx, tx, "The configuration was deleted.", "configuration_id = ?", id)
	})
}

// Freeze holds the retention of a configuration back until somebody has looked. A freeze that is there keeps its time.
func (s *Store) Freeze(ctx context.Context, id uuid.UUID, reason string) error {
	return s.write(ctx, "freeze a configuration", func(ctx context.Context, tx bun.Tx) error {
		return touched(freeze(ctx, tx, id, reason))
	})
}

func freeze(ctx context.Context, tx bun.Tx, id uuid.UUID, reason string) (sql.Result, error) {
	at := now()
	// updated_at stays: it says when a person last changed what is backed up, and the alarm for a shrunk source reads it.
	return tx.NewRaw(`UPDATE configurations SET frozen_at = coalesce(frozen_at, ?), frozen_reason = ? WHERE id = ?`,
		at, cleanText(strings.TrimSpace(reason)), id).Exec(ctx)
}

// Unfreeze lets the retention of a configuration run again.
func (s *Store) Unfreeze(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "unfreeze a configuration", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("UPDATE configurations SET frozen_at = NULL, frozen_reason = '', updated_at = ? WHERE id = ?",
			now(), id).Exec(ctx))
	})
}
