package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Job returns one job.
func (s *Store) Job(ctx context.Context, id uuid.UUID) (model.Job, error) {
	return one[model.Job](ctx, s.r, "read a job", id)
}

// RunningJobs lists the jobs that are running, oldest first.
func (s *Store) RunningJobs(ctx context.Context) ([]model.Job, error) {
	return all[model.Job](ctx, s.r, "list running jobs", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("state = 'running'").Order("id")
	})
}

// SetJobProcess records the process that does a running job, before it begins.
func (s *Store) SetJobProcess(ctx context.Context, id uuid.UUID, pid int, start int64, bootID, host string) error {
	return s.write(ctx, "record a job's process", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("UPDATE jobs SET pid = ?, pid_start = ?, boot_id = ?, pid_host = ? WHERE id = ? AND state = 'running'",
			pid, start, cleanText(bootID), cleanText(host), id).Exec(ctx))
	})
}

// SetJobSteps records how far the visible parts of a job that has not ended are.
func (s *Store) SetJobSteps(ctx context.Context, id uuid.UUID, steps []model.Step) error {
	return s.write(ctx, "record a job's steps", func(ctx context.Context, tx bun.Tx) error {
		job := model.Job{ID: id, Steps: steps}
		return touched(tx.NewUpdate().Model(&job).Column("steps").Where("id = ?", id).Exec(ctx))
	})
}

// CancelQueuedJob cancels a job that has not started. One that has is a Conflict.
func (s *Store) CancelQueuedJob(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "cancel a job", func(ctx context.Context, tx bun.Tx) error {
		var state model.JobState
		if err := tx.NewRaw("SELECT state FROM jobs WHERE id = ?", id).Scan(ctx, &state); err != nil {
			return err
		}
		switch {
		case state == model.JobRunning:
			return model.Conflict{Reason: "The job is running already."}
		case state.Final():
			return model.Conflict{Reason: "The job has ended already."}
		}
		return cancelQueued(ctx, tx, "Cancelled before it started.", "id = ?", id)
	})
}

// DeleteScheduledJob takes a job of the schedule out of the queue as if it had never been due. One that has started
// meanwhile stays, and so does one that somebody has asked for.
func (s *Store) DeleteScheduledJob(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "take a job out of the queue", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM jobs WHERE id = ? AND state = 'queued' AND trigger = ?", id, model.TriggerSchedule).Exec(ctx)
		return err
	})
}

// cancelQueued cancels the queued jobs that meet the condition, and closes the snapshots they would have made.
func cancelQueued(ctx context.Context, tx bun.Tx, why, condition string, args ...any) error {
	var snapshots []uuid.UUID
	err := tx.NewRaw("UPDATE jobs SET state = 'cancelled', cause = ?, message = ?, finished_at = ? WHERE state = 'queued' AND "+
		condition+" RETURNING coalesce(snapshot_id, '')", append([]any{model.CauseCancelled, why, now()}, args...)...).Scan(ctx, &snapshots)
	if err != nil {
		return err
	}
	for _, id := range snapshots {
		if err := abandonSnapshot(ctx, tx, id, why); err != nil {
			return err
		}
	}
	return nil
}

// abandonSnapshot closes a snapshot that a job began and did not make.
func abandonSnapshot(ctx context.Context, tx bun.Tx, id uuid.UUID, why string) error {
	if id == uuid.Nil {
		return nil
	}
	_, err := tx.NewRaw(`UPDATE snapshots SET status = 'failed', error_message = ?, completed_at = ?
		WHERE id = ? AND status = 'in_progress'`, cleanText(why), now(), id).Exec(ctx)
	return err
}

// DeleteOldJobs deletes final jobs that ended before the given time and returns their ids, so that their logs can go
// too. The newest backup of each configuration at each destination stays, however old, since its outcome is shown; the
// records of failed snapshots go with their jobs.
func (s *Store) DeleteOldJobs(ctx context.Context, before time.Time) ([]uuid.UUID, error) {
	var gone []uuid.UUID
	for {
		var batch []uuid.UUID
		err := s.write(ctx, "delete old jobs", func(ctx context.Context, tx bun.Tx) (err error) {
			batch, err = deleteOldJobs(ctx, tx, before)
			return err
		})
		gone = append(gone, batch...)
		if err != nil || len(batch) < maxInList {
			return gone, err
		}
	}
}

func deleteOldJobs(ctx context.Context, tx bun.Tx, before time.Time) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	// The newest final backup of a pair is the one that Coverages shows.
	err := tx.NewRaw(`SELECT j.id FROM jobs AS j WHERE j.finished_at < ?0 AND j.state NOT IN ('queued', 'running')
		AND (j.kind <> 'backup' OR EXISTS (SELECT 1 FROM jobs AS n WHERE n.kind = 'backup'
			AND n.configuration_id = j.configuration_id AND n.destination_id = j.destination_id
			AND n.id > j.id AND n.state NOT IN ('queued', 'running')))
		ORDER BY j.id LIMIT ?1`, before, maxInList).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if _, err := tx.NewRaw(`DELETE FROM snapshots WHERE status = 'failed'
		AND id IN (SELECT snapshot_id FROM jobs WHERE id IN (?))`, bun.List(ids)).Exec(ctx); err != nil {
		return nil, err
	}
	_, err = tx.NewRaw("DELETE FROM jobs WHERE id IN (?)", bun.List(ids)).Exec(ctx)
	return ids, err
}
