package store

import (
	"context"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Outcome is all that a job changes when it ends.
type Outcome struct {
	State   model.JobState // a final one
	Cause   model.Cause
	Message string
	Mend    string
	Result  *model.Result
	// Snapshot is the final row of a backup.
	Snapshot *model.Snapshot
	// Removed are snapshots that are gone from the repository; Imported are found there.
	Removed  []uuid.UUID
	Imported []model.Snapshot
	// Freeze is why the retention of the job's configuration must wait for somebody; empty leaves it as it is.
	Freeze      string
	Destination DestinationStats
}

// FinishJob records how an open job ended, with all that follows from it, in one transaction: the snapshot, the
// destination's figures, a freeze, and the follow-up jobs. A follow-up whose like is queued already is passed over. A
// job that has ended is a Conflict.
func (s *Store) FinishJob(ctx context.Context, id uuid.UUID, o Outcome, follow ...model.Job) error {
	return s.write(ctx, "finish a job", func(ctx context.Context, tx bun.Tx) error {
		var job model.Job
		if err := tx.NewSelect().Model(&job).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		if job.State.Final() {
			return model.Conflict{Reason: "The job has ended already."}
		}
		if !o.State.Final() {
			return model.Invalid{Field: "state", Reason: "A job ends with a final state."}
		}
		at := now()
		for _, step := range []func(context.Context, bun.Tx, model.Job, time.Time) error{
			o.finishJob, o.finishSnapshot, o.finishRepository, o.finishConfiguration, o.finishDestination, o.finishTelling,
		} {
			if err := step(ctx, tx, job, at); err != nil {
				return err
			}
		}
		for i := range follow {
			if follow[i].Trigger == "" {
				follow[i].Trigger = model.TriggerFollowUp
			}
		}
		_, refusal, err := createJobs(ctx, tx, follow, nil)
		if err == nil {
			err = refusal
		}
		return err
	})
}

func (o Outcome) finishJob(ctx context.Context, tx bun.Tx, job model.Job, at time.Time) error {
	job.State, job.Cause, job.Message, job.Mend = o.State, o.Cause, o.Message, o.Mend
	job.Result, job.FinishedAt = o.Result, &at
	clean(reflect.ValueOf(&job).Elem())
	return touched(tx.NewUpdate().Model(&job).Column("state", "cause", "message", "mend", "result", "finished_at").WherePK().Exec(ctx))
}

// finishSnapshot writes the row of the backup, or closes the one it began and did not make.
func (o Outcome) finishSnapshot(ctx context.Context, tx bun.Tx, job model.Job, at time.Time) error {
	if o.Snapshot == nil {
		if job.Kind != model.JobBackup {
			return nil
		}
		why := o.Message
		if why == "" {
			why = "The backup ended as “" + string(o.State) + "”."
		}
		return abandonSnapshot(ctx, tx, job.SnapshotID, why)
	}
	snap := *o.Snapshot
	newID(&snap.ID, model.NewID)
	if snap.CreatedAt.IsZero() {
		snap.CreatedAt = at
	}
	if snap.CompletedAt == nil {
		snap.CompletedAt = &at
	}
	clean(reflect.ValueOf(&snap).Elem())
	// A sync that ran meanwhile may have found this snapshot in the repository and taken it over: this row knows more.
	if snap.ResticSnapshotID != "" {
		// The term <> '' lets SQLite use the index that has only such rows.
		_, err := tx.NewRaw("DELETE FROM snapshots WHERE destination_id = ? AND restic_snapshot_id = ? AND restic_snapshot_id <> '' AND id <> ?",
			snap.DestinationID, snap.ResticSnapshotID, snap.ID).Exec(ctx)
		if err != nil {
			return err
		}
	}
	if _, err := tx.NewRaw("DELETE FROM snapshots WHERE id = ?", snap.ID).Exec(ctx); err != nil {
		return err
	}
	if err := insert(ctx, tx, &snap); err != nil {
		return orphan(err, "destination_id", "There is no such destination.")
	}
	return setContents(ctx, tx, snap.ID, snap.Contents) // with the row that was deleted, its contents went too
}

// finishRepository brings the rows of the snapshots in line with what the job left in the repository.
func (o Outcome) finishRepository(ctx context.Context, tx bun.Tx, job model.Job, _ time.Time) error {
	if err := deleteSnapshots(ctx, tx, o.Removed); err != nil {
		return err
	}
	if _, err := importSnapshots(ctx, tx, o.Imported); err != nil {
		return err
	}
	changed := o.Imported
	if o.Snapshot != nil {
		changed = append([]model.Snapshot{*o.Snapshot}, changed...)
	}
	return recountAll(ctx, tx, changed)
}

func (o Outcome) finishConfiguration(ctx context.Context, tx bun.Tx, job model.Job, _ time.Time) error {
	if o.Freeze == "" || job.ConfigurationID == uuid.Nil {
		return nil
	}
	_, err := freeze(ctx, tx, job.ConfigurationID, o.Freeze) // the configuration may be gone meanwhile
	return err
}

func (o Outcome) finishDestination(ctx context.Context, tx bun.Tx, job model.Job, at time.Time) error {
	if job.DestinationID == uuid.Nil {
		return nil
	}
	good := o.State == model.JobSuccess || o.State == model.JobPartial
	if good && job.Kind == model.JobBackup && o.Snapshot != nil {
		added := o.Snapshot.DataAddedPacked
		_, err := tx.NewRaw("UPDATE destinations SET total_size = total_size + ?, last_backup_at = ? WHERE id = ?",
			added, at, job.DestinationID).Exec(ctx)
		if err != nil {
			return err
		}
		if err := sample(ctx, tx, job.DestinationID); err != nil {
			return err
		}
	}
	if o.State == model.JobSuccess && job.Kind == model.JobRestore {
		if _, err := tx.NewRaw("UPDATE destinations SET last_restore_at = ? WHERE id = ?", at, job.DestinationID).Exec(ctx); err != nil {
			return err
		}
	}
	if err := o.Destination.write(ctx, tx, job.DestinationID); err != nil {
		return err
	}
	if err := o.finishCheck(ctx, tx, job); err != nil {
		return err
	}
	switch {
	case good:
		return setLastError(ctx, tx, job.DestinationID, "")
	case o.State == model.JobFailed && blamesDestination(o.Cause):
		return setLastError(ctx, tx, job.DestinationID, o.Message)
	}
	return nil
}

// finishCheck keeps the damage that a check found until another one finds none: a backup that goes well says nothing of it.
func (o Outcome) finishCheck(ctx context.Context, tx bun.Tx, job model.Job) error {
	damage := ""
	switch {
	case job.Kind != model.JobCheck:
		return nil
	case o.Cause == model.CauseDamaged:
		damage = cleanText(o.Message)
	case o.State != model.JobSuccess:
		return nil
	}
	_, err := tx.NewRaw("UPDATE destinations SET damage = ?0 WHERE id = ?1 AND damage <> ?0", damage, job.DestinationID).Exec(ctx)
	return err
}

func setLastError(ctx context.Context, tx bun.Tx, id uuid.UUID, sentence string) error {
	_, err := tx.NewRaw("UPDATE destinations SET last_error = ?0 WHERE id = ?1 AND last_error <> ?0", cleanText(sentence), id).Exec(ctx)
	return err
}

// blamesDestination says whether a failure is the destination's: a missing source or a full restore target is not.
func blamesDestination(c model.Cause) bool {
	switch c {
	case model.CauseCancelled, model.CauseInterrupted, model.CauseSourceMissing, model.CauseSourceEmpty, model.CauseSourceShrunk,
		model.CauseUnreadable, model.CauseNothing, model.CauseTarget, model.CauseFrozen, model.CauseInternal:
		return false
	}
	return true
}
