package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// maxChannels is how many channels there may be: each alert is written once for every one of them.
const maxChannels = 50

// Channels lists the channels by name.
func (s *Store) Channels(ctx context.Context) ([]model.Channel, error) {
	return all[model.Channel](ctx, s.r, "list channels", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("name", "id") })
}

// Channel returns one channel.
func (s *Store) Channel(ctx context.Context, id uuid.UUID) (model.Channel, error) {
	return one[model.Channel](ctx, s.r, "read a channel", id)
}

// CreateChannel adds a channel.
func (s *Store) CreateChannel(ctx context.Context, c model.Channel) (model.Channel, error) {
	newID(&c.ID, model.NewID)
	stamp(&c.Stamps)
	return c, s.write(ctx, "create a channel", func(ctx context.Context, tx bun.Tx) error {
		n, err := tx.NewSelect().Model((*model.Channel)(nil)).Count(ctx)
		if err != nil {
			return err
		}
		if n >= maxChannels {
			return model.Conflict{Field: "name", Reason: "There are 50 channels already. Delete one first."}
		}
		return channelRefused(c, insert(ctx, tx, &c))
	})
}

func channelRefused(c model.Channel, err error) error {
	return taken(err, "name", "There is already a channel named “%s”.", c.Name)
}

// UpdateChannel writes what a person chose of a channel. The next attempt is made at once; that the newest one failed
// stands until one succeeds. A channel that is off, or is told of nothing that needs somebody any more, forgets what it was
// told, and what waits for it goes with the former.
func (s *Store) UpdateChannel(ctx context.Context, c model.Channel) (model.Channel, error) {
	stamp(&c.Stamps)
	c.Attempts, c.NextAt = 0, nil
	return c, s.write(ctx, "change a channel", func(ctx context.Context, tx bun.Tx) error {
		if err := update(ctx, tx, &c, "sent_at", "last_error", "failing_since", "created_at"); err != nil {
			return channelRefused(c, err)
		}
		if !c.Enabled {
			return silence(ctx, tx, c.ID)
		}
		if c.TellsNeeds {
			return nil
		}
		return forgetTold(ctx, tx, c.ID)
	})
}

// SwitchChannel turns a channel on or off and leaves all else of it as it is.
func (s *Store) SwitchChannel(ctx context.Context, id uuid.UUID, on bool) error {
	return s.write(ctx, "switch a channel", func(ctx context.Context, tx bun.Tx) error {
		err := touched(tx.NewRaw("UPDATE channels SET enabled = ?, attempts = 0, next_at = NULL, updated_at = ? WHERE id = ?", on, now(), id).Exec(ctx))
		if err != nil || on {
			return err
		}
		return silence(ctx, tx, id)
	})
}

// silence drops what waits for a channel and what it was told.
func silence(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	if _, err := tx.NewRaw("DELETE FROM notifications WHERE channel_id = ?", id).Exec(ctx); err != nil {
		return err
	}
	return forgetTold(ctx, tx, id)
}

func forgetTold(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	_, err := tx.NewRaw("DELETE FROM open_alerts WHERE channel_id = ?", id).Exec(ctx)
	return err
}

// DeleteChannel removes a channel with all that waits for it.
func (s *Store) DeleteChannel(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "delete a channel", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewDelete().Model((*model.Channel)(nil)).Where("id = ?", id).Exec(ctx))
	})
}

// RecordDelivery writes that a channel got these parts, which no longer wait.
func (s *Store) RecordDelivery(ctx context.Context, id uuid.UUID, at time.Time, parts []uuid.UUID) error {
	return s.write(ctx, "record a delivery", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE channels SET sent_at = ?, last_error = '', failing_since = NULL, attempts = 0, next_at = NULL WHERE id = ?",
			at, id).Exec(ctx)
		if err != nil || len(parts) == 0 {
			return err
		}
		_, err = tx.NewRaw("DELETE FROM notifications WHERE id IN (?)", bun.List(parts)).Exec(ctx)
		return err
	})
}

// RecordFailure writes why a channel could not be reached and when it is tried again. Parts that wait since before the
// given moment are given up. The alerts among them count as not told: what of that is still wrong is told anew, and waits
// in their place.
func (s *Store) RecordFailure(ctx context.Context, id uuid.UUID, at, next time.Time, reason string, giveUp time.Time) error {
	return s.write(ctx, "record a failed delivery", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw(`UPDATE channels SET last_error = ?, failing_since = coalesce(failing_since, ?), attempts = attempts + 1, next_at = ?
			WHERE id = ?`, cleanText(reason), at, next, id).Exec(ctx)
		if err != nil {
			return err
		}
		// An alert and the part that tells it are written at one moment.
		_, err = tx.NewRaw(`DELETE FROM open_alerts WHERE channel_id = ?0 AND since IN (
			SELECT created_at FROM notifications WHERE channel_id = ?0 AND created_at < ?1 AND job_id IS NULL)`, id, giveUp).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewRaw("DELETE FROM notifications WHERE channel_id = ? AND created_at < ?", id, giveUp).Exec(ctx)
		return err
	})
}
