package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// maxWaiting bounds what waits for one channel: whoever had ten thousand backups told is not told of more.
const maxWaiting = 500

// Notifications lists what waits for the channels, oldest first.
func (s *Store) Notifications(ctx context.Context) ([]model.Notification, error) {
	return all[model.Notification](ctx, s.r, "list notifications", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Order("channel_id", "created_at", "id")
	})
}

// NotificationsFor lists what waits for one channel, oldest first.
func (s *Store) NotificationsFor(ctx context.Context, channel uuid.UUID) ([]model.Notification, error) {
	return all[model.Notification](ctx, s.r, "list notifications", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("channel_id = ?", channel).Order("created_at", "id")
	})
}

// WaitingByChannel counts what waits for each channel.
func (s *Store) WaitingByChannel(ctx context.Context) (map[uuid.UUID]int, error) {
	var rows []struct {
		ChannelID uuid.UUID
		N         int
	}
	err := s.r.NewRaw("SELECT channel_id, count(*) AS n FROM notifications GROUP BY channel_id").Scan(ctx, &rows)
	out := map[uuid.UUID]int{}
	for _, r := range rows {
		out[r.ChannelID] = r.N
	}
	return out, fail("count notifications", err)
}

// OpenAlerts lists what the channels were told of and that has not ended.
func (s *Store) OpenAlerts(ctx context.Context) ([]model.OpenAlert, error) {
	return all[model.OpenAlert](ctx, s.r, "list open alerts", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Order("channel_id", "key")
	})
}

// Tell writes what a channel is told of, and in the same transaction that it was: after a crash neither is there, or both
// are. What an outbox that is full does not take counts as not told, so that it is told once there is room.
func (s *Store) Tell(ctx context.Context, channel uuid.UUID, t model.Told) error {
	return s.write(ctx, "tell a channel", func(ctx context.Context, tx bun.Tx) error {
		if err := mustHave[model.Channel](ctx, tx, channel, "enabled AND tells_needs"); err != nil {
			return err
		}
		at := now()
		for _, a := range t.Begun {
			if err := begin(ctx, tx, channel, a, at); err != nil {
				return err
			}
		}
		gone := t.Dropped
		for _, a := range t.Ended {
			taken, err := enqueue(ctx, tx, at, said(channel, a))
			if err != nil {
				return err
			}
			if taken {
				gone = append(gone, cleanText(a.Key))
			}
		}
		if len(gone) == 0 {
			return nil
		}
		_, err := tx.NewRaw("DELETE FROM open_alerts WHERE channel_id = ? AND key IN (?)", channel, bun.List(gone)).Exec(ctx)
		return err
	})
}

// begin tells a channel that something needs somebody.
func begin(ctx context.Context, tx bun.Tx, channel uuid.UUID, a model.Alert, at time.Time) error {
	taken, err := enqueue(ctx, tx, at, said(channel, a))
	if err != nil || !taken {
		return err
	}
	open := model.OpenAlert{ChannelID: channel, Key: cleanText(a.Key), Kind: cleanText(a.Kind), Since: at}
	_, err = tx.NewInsert().Model(&open).On("CONFLICT (channel_id, key) DO UPDATE").Set("kind = excluded.kind, since = excluded.since").
		Returning("NULL").Exec(ctx)
	return err
}

func said(channel uuid.UUID, a model.Alert) model.Notification {
	return model.Notification{ChannelID: channel, Title: a.Title, Text: a.Text, Path: a.Path}
}

// TellAll writes a notification for every channel that gets the weekly summary, and that it is done for this slot.
func (s *Store) TellAll(ctx context.Context, n model.Notification, key, slot string) error {
	return s.write(ctx, "tell the summary", func(ctx context.Context, tx bun.Tx) error {
		var ids []uuid.UUID
		if err := tx.NewRaw("SELECT id FROM channels WHERE enabled AND tells_weekly").Scan(ctx, &ids); err != nil {
			return err
		}
		at := now()
		for _, id := range ids {
			n.ChannelID = id
			if _, err := enqueue(ctx, tx, at, n); err != nil {
				return err
			}
		}
		_, err := tx.NewRaw("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, slot).Exec(ctx)
		return err
	})
}

// finishTelling puts the end of a job into the outbox of each channel that is told of its kind.
func (o Outcome) finishTelling(ctx context.Context, tx bun.Tx, job model.Job, at time.Time) error {
	if job.Kind != model.JobBackup && job.Kind != model.JobRestore {
		return nil
	}
	var channels []model.Channel
	if err := tx.NewSelect().Model(&channels).Where("enabled").Where("tells_backups OR tells_restores").Scan(ctx); err != nil {
		return err
	}
	for _, c := range channels {
		if !c.Wants(job.Kind) {
			continue
		}
		if _, err := enqueue(ctx, tx, at, model.Notification{ChannelID: c.ID, JobID: job.ID}); err != nil {
			return err
		}
	}
	return nil
}

// enqueue puts a part of a message into the outbox, and says whether it was taken: one that is full takes no more.
func enqueue(ctx context.Context, tx bun.Tx, at time.Time, n model.Notification) (taken bool, err error) {
	n.ID, n.CreatedAt = model.NewID(), at
	waiting, err := tx.NewSelect().Model((*model.Notification)(nil)).Where("channel_id = ?", n.ChannelID).Count(ctx)
	if err != nil || waiting >= maxWaiting {
		return false, err
	}
	return true, insert(ctx, tx, &n)
}
