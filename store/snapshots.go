package store

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Snapshot returns one snapshot, with what it holds.
func (s *Store) Snapshot(ctx context.Context, id uuid.UUID) (model.Snapshot, error) {
	const doing = "read a snapshot"
	snap, err := one[model.Snapshot](ctx, s.r, doing, id)
	if err == nil {
		snap.Contents, err = contents(ctx, s.r, id)
	}
	return snap, fail(doing, err)
}

// LastGoodSnapshot returns the newest full snapshot of a configuration at a destination, or model.ErrNotFound. The state
// that a restore replaced does not count: it may be a broken one.
func (s *Store) LastGoodSnapshot(ctx context.Context, configurationID, destinationID uuid.UUID) (model.Snapshot, error) {
	return first[model.Snapshot](ctx, s.r, "read the last good snapshot", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("status = 'success'").Where("safety = 0").Where("configuration_id = ?", configurationID).
			Where("destination_id = ?", destinationID).Order("started_at DESC", "id DESC")
	})
}

// SnapshotsByRestic maps restic's ids to ours for all that a destination holds.
func (s *Store) SnapshotsByRestic(ctx context.Context, destinationID uuid.UUID) (map[string]uuid.UUID, error) {
	const doing = "list the snapshots of a destination"
	// Scanned by hand: a repository may hold tens of thousands, and Bun's scanning costs more than the reading.
	rows, err := s.r.QueryContext(ctx, `SELECT restic_snapshot_id, id FROM snapshots WHERE destination_id = ? AND restic_snapshot_id <> ''`,
		destinationID)
	if err != nil {
		return nil, fail(doing, err)
	}
	out := map[string]uuid.UUID{}
	for rows.Next() {
		var restic string
		var id uuid.UUID
		if err := rows.Scan(&restic, &id); err != nil {
			return nil, fail(doing, errors.Join(err, rows.Close()))
		}
		out[restic] = id
	}
	return out, fail(doing, errors.Join(rows.Err(), rows.Close()))
}

// RestorableSnapshots lists the ids of all snapshots of an app that hold something, in no order.
func (s *Store) RestorableSnapshots(ctx context.Context, appID uuid.UUID) ([]uuid.UUID, error) {
	const doing = "list the snapshots of an app"
	rows, err := s.r.QueryContext(ctx, `SELECT id FROM snapshots WHERE app_id = ? AND status IN ('success', 'partial')
		AND restic_snapshot_id <> ''`, appID)
	if err != nil {
		return nil, fail(doing, err)
	}
	var out []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, fail(doing, errors.Join(err, rows.Close()))
		}
		out = append(out, id)
	}
	return out, fail(doing, errors.Join(rows.Err(), rows.Close()))
}

// NewestSnapshots returns the newest snapshot that holds something, by app; an app without one is not in it. The state that
// a restore replaced does not count: it may be a few files.
func (s *Store) NewestSnapshots(ctx context.Context) (map[uuid.UUID]uuid.UUID, error) {
	var rows []struct{ AppID, ID uuid.UUID }
	err := s.r.NewRaw(`SELECT a.id AS app_id, s.id AS id FROM apps AS a JOIN snapshots AS s ON s.id = (
		SELECT n.id FROM snapshots AS n WHERE n.app_id = a.id AND n.status IN ('success', 'partial') AND n.restic_snapshot_id <> '' AND n.safety = 0
		ORDER BY n.started_at DESC, n.id DESC LIMIT 1) WHERE a.forgotten_at IS NULL`).Scan(ctx, &rows)
	out := make(map[uuid.UUID]uuid.UUID, len(rows))
	for _, row := range rows {
		out[row.AppID] = row.ID
	}
	return out, fail("list the newest snapshots", err)
}

// CreateSnapshots takes over snapshots found in repositories. One that has a row already is passed over. It returns how
// many were new.
func (s *Store) CreateSnapshots(ctx context.Context, snapshots []model.Snapshot) (added int, err error) {
	err = s.write(ctx, "take over snapshots", func(ctx context.Context, tx bun.Tx) error {
		added, err = importSnapshots(ctx, tx, snapshots)
		if err != nil {
			return err
		}
		return recountAll(ctx, tx, snapshots)
	})
	return added, err
}

// DeleteSnapshots removes the rows of snapshots that are no longer in their repository.
func (s *Store) DeleteSnapshots(ctx context.Context, ids []uuid.UUID) error {
	return s.write(ctx, "delete snapshots", func(ctx context.Context, tx bun.Tx) error { return deleteSnapshots(ctx, tx, ids) })
}

func deleteSnapshots(ctx context.Context, tx bun.Tx, ids []uuid.UUID) error {
	touched := map[uuid.UUID]bool{}
	for chunk := range slices.Chunk(ids, maxInList) {
		var destinations []uuid.UUID
		err := tx.NewRaw("DELETE FROM snapshots WHERE id IN (?) RETURNING destination_id", bun.List(chunk)).Scan(ctx, &destinations)
		if err != nil {
			return err
		}
		for _, id := range destinations {
			touched[id] = true
		}
	}
	for id := range touched {
		if err := recount(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

// maxInList bounds the ids in one statement.
const maxInList = 500

func recountAll(ctx context.Context, tx bun.Tx, snapshots []model.Snapshot) error {
	seen := map[uuid.UUID]bool{}
	for _, snap := range snapshots {
		if seen[snap.DestinationID] {
			continue
		}
		seen[snap.DestinationID] = true
		if err := recount(ctx, tx, snap.DestinationID); err != nil {
			return err
		}
	}
	return nil
}
