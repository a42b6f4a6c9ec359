package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Snapshots lists the chosen snapshots without what they hold, newest first by the time they were made, one page at a
// time.
func (s *Store) Snapshots(ctx context.Context, f model.SnapshotFilter) ([]model.Snapshot, error) {
	ids := s.r.NewSelect().Model((*model.Snapshot)(nil)).Column("id").Apply(s.snapshotFilter(f)).
		Order("started_at DESC", "id DESC").Limit(int64(f.Size()))
	if f.Cursor != uuid.Nil {
		var after time.Time
		err := s.r.NewRaw("SELECT started_at FROM snapshots WHERE id = ?", f.Cursor).Scan(ctx, &after)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, model.Invalid{Field: "cursor", Reason: "The snapshot that the cursor names is gone; start again at the first page."}
		}
		if err != nil {
			return nil, fail("list snapshots", err)
		}
		ids = ids.Where("(started_at, id) < (?, ?)", after, f.Cursor)
	}
	// The indexes hold all that the filters ask, so the page is found in one of them and only its rows are read.
	return all[model.Snapshot](ctx, s.r, "list snapshots", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("id IN (?)", ids).Order("started_at DESC", "id DESC")
	})
}

// CountSnapshots counts the chosen snapshots, over all pages.
func (s *Store) CountSnapshots(ctx context.Context, f model.SnapshotFilter) (int, error) {
	n, err := s.r.NewSelect().Model((*model.Snapshot)(nil)).Apply(s.snapshotFilter(f)).Count(ctx)
	return int(n), fail("count snapshots", err)
}

// snapshotFilter chooses the index by the narrowest field and keeps the others, by a unary plus, from being chosen.
func (s *Store) snapshotFilter(f model.SnapshotFilter) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		plus := ""
		match := func(column string, value any, set bool) {
			if set {
				q = q.Where(plus+column+" = ?", value)
				plus = "+"
			}
		}
		match("configuration_id", f.ConfigurationID, f.ConfigurationID != uuid.Nil)
		match("app_id", f.AppID, f.AppID != uuid.Nil)
		if f.DeviceID != uuid.Nil { // as many rows as the device has: its apps are few
			q = q.Where(plus+"app_id IN (?)", s.r.NewSelect().Model((*model.App)(nil)).Column("id").Where("device_id = ?", f.DeviceID))
			plus = "+"
		}
		match("destination_id", f.DestinationID, f.DestinationID != uuid.Nil)
		match("status", f.Status, f.Status != "")
		if !f.From.IsZero() {
			q = q.Where("started_at >= ?", f.From)
		}
		if !f.To.IsZero() {
			q = q.Where("started_at < ?", f.To)
		}
		return q
	}
}
