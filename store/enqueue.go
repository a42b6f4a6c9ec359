package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// CreateJobs queues jobs, and the snapshots that backups among them will fill (matched by Job.SnapshotID), in one
// transaction; it returns those that were queued. Passed over, with their snapshots, are
//
//   - a job whose slot has one already, or whose like is still waiting to start;
//   - a job without slot, asked for by a person or the platform, whose like is open. When nothing is left to queue
//     because of that, it is a Conflict. Its like that the schedule queued counts as asked for from then on.
func (s *Store) CreateJobs(ctx context.Context, jobs []model.Job, snapshots []model.Snapshot) (made []model.Job, err error) {
	var refusal error
	err = s.write(ctx, "queue jobs", func(ctx context.Context, tx bun.Tx) error {
		made, refusal, err = createJobs(ctx, tx, jobs, snapshots)
		return err
	})
	if err == nil {
		err = refusal
	}
	return made, err
}

// createJobs returns the refusal apart: what was written beside it stays.
func createJobs(ctx context.Context, tx bun.Tx, jobs []model.Job, snapshots []model.Snapshot) (made []model.Job, refusal, err error) {
	bySnapshot := map[uuid.UUID]model.Snapshot{}
	for _, snap := range snapshots {
		bySnapshot[snap.ID] = snap
	}
	made = []model.Job{}
	for _, j := range jobs {
		twin, err := twinOf(ctx, tx, j)
		if err != nil {
			return nil, nil, err
		}
		if twin != "" {
			if asked(j) {
				refusal = model.Conflict{Reason: twinSentence(j.Kind, twin)}
				if err := askFor(ctx, tx, j); err != nil {
					return nil, nil, err
				}
			}
			continue
		}
		j, err := createJob(ctx, tx, j)
		if err != nil {
			return nil, nil, err
		}
		if snap, ok := bySnapshot[j.SnapshotID]; ok {
			if err := beginSnapshot(ctx, tx, snap); err != nil {
				return nil, nil, err
			}
		}
		made = append(made, j)
	}
	if len(made) == 0 {
		return nil, refusal, nil
	}
	return made, nil, nil
}

// askFor has upkeep that the schedule queued count as asked for, since somebody now did: a window that closes leaves it.
func askFor(ctx context.Context, tx bun.Tx, j model.Job) error {
	_, err := tx.NewRaw(`UPDATE jobs SET trigger = ? WHERE state = 'queued' AND trigger = ? AND slot IS NULL AND kind = ? AND destination_id = ?
		AND configuration_id IS NULL`, j.Trigger, model.TriggerSchedule, j.Kind, orNull(j.DestinationID)).Exec(ctx)
	return err
}

// asked says that somebody waits for the answer, so that a job passed over must be told.
func asked(j model.Job) bool {
	switch j.Trigger {
	case model.TriggerFollowUp, model.TriggerRecovery, model.TriggerSchedule, model.TriggerCatchUp:
		return false
	}
	return j.Slot == nil
}

// twinOf returns the state of a job that makes j needless, or nothing. Restores never have one.
func twinOf(ctx context.Context, tx bun.Tx, j model.Job) (state model.JobState, err error) {
	if j.Kind == model.JobRestore {
		return "", nil
	}
	q := tx.NewSelect().Model((*model.Job)(nil)).ModelTableExpr("jobs AS job INDEXED BY jobs_open").Column("state").
		Where("state IN ('queued', 'running')").Where("kind = ?", j.Kind).
		Where("configuration_id IS ?", orNull(j.ConfigurationID)).Where("destination_id IS ?", orNull(j.DestinationID))
	if j.Kind == model.JobForget || j.Kind == model.JobIndex { // all of it, and of one snapshot, are not alike
		q = q.Where("snapshot_id IS ?", orNull(j.SnapshotID))
	}
	if !asked(j) {
		q = q.Where("state = 'queued'") // the one that runs began before the reason for this one
	}
	var states []model.JobState
	if err := q.Order("state DESC").Limit(1).Scan(ctx, &states); err != nil {
		return "", err
	}
	if len(states) == 0 && j.Slot != nil {
		err = tx.NewRaw(`SELECT state FROM jobs INDEXED BY jobs_slot WHERE kind = ? AND coalesce(configuration_id, '') = coalesce(?, '')
			AND coalesce(destination_id, '') = coalesce(?, '') AND slot = ?`,
			j.Kind, orNull(j.ConfigurationID), orNull(j.DestinationID), j.Slot).Scan(ctx, &states)
	}
	if err != nil || len(states) == 0 {
		return "", err
	}
	return states[0], nil
}

func twinSentence(kind model.JobKind, state model.JobState) string {
	what := map[model.JobKind]string{
		model.JobBackup: "A backup", model.JobForget: "Retention", model.JobPrune: "A prune", model.JobCheck: "A check",
		model.JobSync: "Reading the snapshots", model.JobTamper: "A tamper test", model.JobIndex: "An index",
		model.JobRotate: "A rotation of the key",
	}[kind]
	if what == "" {
		what = "This"
	}
	if state == model.JobRunning {
		return what + " is already running there."
	}
	return what + " is already queued there."
}

func createJob(ctx context.Context, tx bun.Tx, j model.Job) (model.Job, error) {
	newID(&j.ID, model.NewID)
	j.State = model.JobQueued
	if j.CreatedAt.IsZero() {
		j.CreatedAt = now()
	}
	j.StartedAt, j.FinishedAt = nil, nil
	err := insert(ctx, tx, &j)
	return j, orphan(err, "destination_id", "There is no such destination.")
}

// beginSnapshot writes the row of a snapshot that a queued backup will fill.
func beginSnapshot(ctx context.Context, tx bun.Tx, snap model.Snapshot) error {
	snap.Status = model.SnapshotInProgress
	if snap.CreatedAt.IsZero() {
		snap.CreatedAt = now()
	}
	if snap.StartedAt.IsZero() {
		snap.StartedAt = snap.CreatedAt
	}
	return orphan(insert(ctx, tx, &snap), "destination_id", "There is no such destination.")
}
