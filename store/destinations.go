package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Destinations lists the destinations that are not removed, by name.
func (s *Store) Destinations(ctx context.Context) ([]model.Destination, error) {
	return all[model.Destination](ctx, s.r, "list destinations", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("removed_at IS NULL").Order("name", "id")
	})
}

// Destination returns one destination; a removed one is not found.
func (s *Store) Destination(ctx context.Context, id uuid.UUID) (model.Destination, error) {
	return first[model.Destination](ctx, s.r, "read a destination", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("id = ? AND removed_at IS NULL", id)
	})
}

// AnyDestination returns one destination, a removed one too: for the names on old jobs.
func (s *Store) AnyDestination(ctx context.Context, id uuid.UUID) (model.Destination, error) {
	return one[model.Destination](ctx, s.r, "read a destination", id)
}

// RemovedDestinations lists the removed destinations, newest removal first: they keep the sealed passwords with which
// the same place can be adopted again.
func (s *Store) RemovedDestinations(ctx context.Context) ([]model.Destination, error) {
	return all[model.Destination](ctx, s.r, "list removed destinations", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("removed_at IS NOT NULL").Order("removed_at DESC", "id")
	})
}

// CreateDestination adds a destination.
func (s *Store) CreateDestination(ctx context.Context, d model.Destination) (model.Destination, error) {
	newID(&d.ID, model.NewID)
	stamp(&d.Stamps)
	return d, s.write(ctx, "create a destination", func(ctx context.Context, tx bun.Tx) error {
		return destinationRefused(d, insert(ctx, tx, &d))
	})
}

func destinationRefused(d model.Destination, err error) error {
	err = taken(err, "name", "There is already a destination named “%s”.", d.Name)
	return orphan(err, "device_id", "There is no such device.")
}

// UpdateDestination writes the fields of a destination that is not removed, but neither the statistics, which only jobs
// write, nor what opens it: who has read it some time ago must not bring an old password back. See ChangeAccess.
func (s *Store) UpdateDestination(ctx context.Context, d model.Destination) (model.Destination, error) {
	stamp(&d.Stamps)
	return d, s.write(ctx, "change a destination", func(ctx context.Context, tx bun.Tx) error {
		return updateDestination(ctx, tx, d)
	})
}

func updateDestination(ctx context.Context, tx bun.Tx, d model.Destination) error {
	if err := mustHave[model.Destination](ctx, tx, d.ID, "removed_at IS NULL"); err != nil {
		return err
	}
	return destinationRefused(d, update(ctx, tx, &d, "total_snapshots", "total_size", "restorable_size", "added_size",
		"added_packed_size", "free_size", "free_at", "last_backup_at", "last_prune_at", "last_check_at", "last_restore_at",
		"tampered_at", "tamper_result", "tamper_detail", "last_error", "damage", "removed_at", "created_at", "kit_at",
		"s3_access_key", "s3_secret_key", "sftp_password", "sftp_key", "repo_password", "next_password", "replaced_keys",
		"rotated_at", "access_changed_at"))
}

// RemoveDestination hides a destination and takes it out of all policies. Its snapshots' rows go, since nothing can be
// restored from there any more; the repository itself is not touched. It is refused while a job runs there.
func (s *Store) RemoveDestination(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "remove a destination", func(ctx context.Context, tx bun.Tx) error {
		if err := mustHave[model.Destination](ctx, tx, id, "removed_at IS NULL"); err != nil {
			return err
		}
		if err := mustBeIdle(ctx, tx, id); err != nil {
			return err
		}
		if err := cancelQueued(ctx, tx, "The destination was removed.", "destination_id = ?", id); err != nil {
			return err
		}
		for _, statement := range []string{
			"DELETE FROM snapshots WHERE destination_id = ?",
			"DELETE FROM policy_destinations WHERE destination_id = ?",
			"DELETE FROM storage_samples WHERE destination_id = ?",
		} {
			if _, err := tx.NewRaw(statement, id).Exec(ctx); err != nil {
				return err
			}
		}
		at := now()
		_, err := tx.NewRaw(`UPDATE destinations SET removed_at = ?, updated_at = ?, enabled = 0, total_snapshots = 0
			WHERE id = ?`, at, at, id).Exec(ctx)
		return err
	})
}

// mustBeIdle is a Conflict while a job runs at the destination. An index only reads, and finds out.
func mustBeIdle(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	busy, err := tx.NewSelect().Model((*model.Job)(nil)).Where("state = 'running'").Where("kind <> 'index'").
		Where("destination_id = ?", id).Exists(ctx)
	if err == nil && busy {
		return model.Conflict{Reason: "A job is running at this destination; wait for it or cancel it first."}
	}
	return err
}

// DeleteDestination really deletes a destination with its snapshots' rows: for one whose creation failed.
func (s *Store) DeleteDestination(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "delete a destination", func(ctx context.Context, tx bun.Tx) error {
		if err := mustBeIdle(ctx, tx, id); err != nil {
			return err
		}
		if err := cancelQueued(ctx, tx, "The destination was removed.", "destination_id = ?", id); err != nil {
			return err
		}
		return touched(tx.NewDelete().Model((*model.Destination)(nil)).Where("id = ?", id).Exec(ctx))
	})
}

// JoinDefaultPolicy gives the default policy its first destination; it says whether it did. A policy that has one
// already is left as it is.
func (s *Store) JoinDefaultPolicy(ctx context.Context, id uuid.UUID) (joined bool, err error) {
	err = s.write(ctx, "join the default policy", func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewRaw(`INSERT INTO policy_destinations (policy_id, destination_id, position)
			SELECT p.id, ?, 0 FROM policies AS p WHERE p.is_default
			AND NOT EXISTS (SELECT 1 FROM policy_destinations AS d WHERE d.policy_id = p.id)`, id).Exec(ctx)
		if err != nil {
			return orphan(err, "destination_ids", "There is no such destination.")
		}
		n, err := res.RowsAffected()
		joined = n > 0
		return err
	})
	return joined, err
}

// DestinationStats are figures of a destination that a job found out; nil leaves a figure as it is.
type DestinationStats struct {
	TotalSize   *int64
	FreeSize    *int64
	LastPruneAt *time.Time
	LastCheckAt *time.Time
	Tamper      *Tamper
}

// Tamper is how a tamper test of a destination ended.
type Tamper struct {
	At     time.Time
	Result model.TamperResult
	Detail string // a sentence
}

// SetDestinationStats writes the figures outside a job, as after an adoption.
func (s *Store) SetDestinationStats(ctx context.Context, id uuid.UUID, stats DestinationStats) error {
	return s.write(ctx, "write a destination's figures", func(ctx context.Context, tx bun.Tx) error {
		return stats.write(ctx, tx, id)
	})
}

func (d DestinationStats) write(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	_, err := tx.NewRaw(`UPDATE destinations SET total_size = coalesce(?, total_size),
		last_prune_at = coalesce(?, last_prune_at), last_check_at = coalesce(?, last_check_at) WHERE id = ?`,
		d.TotalSize, d.LastPruneAt, d.LastCheckAt, id).Exec(ctx)
	if err == nil && d.TotalSize != nil {
		err = sample(ctx, tx, id)
	}
	if err == nil && d.FreeSize != nil {
		_, err = tx.NewRaw("UPDATE destinations SET free_size = ?, free_at = ? WHERE id = ?", d.FreeSize, now(), id).Exec(ctx)
	}
	if err != nil || d.Tamper == nil {
		return err
	}
	_, err = tx.NewRaw("UPDATE destinations SET tampered_at = ?, tamper_result = ?, tamper_detail = ? WHERE id = ?",
		d.Tamper.At.UTC(), d.Tamper.Result, cleanText(d.Tamper.Detail), id).Exec(ctx)
	return err
}

// recount brings the number of snapshots of a destination up to date.
func recount(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	_, err := tx.NewRaw(`UPDATE destinations SET total_snapshots =
		(SELECT count(*) FROM snapshots WHERE destination_id = ?0 AND restic_snapshot_id <> '') WHERE id = ?0`, id).Exec(ctx)
	return err
}
