package handlers

import (
	"context"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// namesOfJobs are the ids of what jobs are about.
func namesOfJobs(jobs []model.Job) []uuid.UUID {
	var ids []uuid.UUID
	for _, j := range jobs {
		ids = append(ids, j.AppID, j.DestinationID)
	}
	return ids
}

// namesOfSnapshots are the ids of what snapshots are about: app, destination, and the configuration for its policy.
func namesOfSnapshots(snapshots []model.Snapshot) []uuid.UUID {
	var ids []uuid.UUID
	for _, s := range snapshots {
		ids = append(ids, s.AppID, s.DestinationID, s.ConfigurationID)
	}
	return ids
}

// jobItems adds names and progress to jobs.
func (h *Handlers) jobItems(ctx context.Context, jobs []model.Job) ([]views.JobItem, error) {
	n, err := h.Store.Names(ctx, namesOfJobs(jobs))
	if err != nil {
		return nil, err
	}
	items := make([]views.JobItem, 0, len(jobs))
	for _, j := range jobs {
		items = append(items, views.JobItem{Job: j, AppName: n[j.AppID], DestinationName: n[j.DestinationID], Progress: h.progress(j.ID)})
	}
	return items, nil
}

// jobs reads a list of jobs with their names.
func (h *Handlers) jobs(ctx context.Context, f model.JobFilter) ([]views.JobItem, error) {
	jobs, err := h.Store.Jobs(ctx, f)
	if err != nil {
		return nil, err
	}
	return h.jobItems(ctx, jobs)
}

// snapshotItem adds names to a snapshot, and the progress of the job that makes it.
func (h *Handlers) snapshotItem(ctx context.Context, s model.Snapshot) (views.SnapshotItem, error) {
	items, err := h.snapshotItems(ctx, []model.Snapshot{s})
	if err != nil {
		return views.SnapshotItem{}, err
	}
	return items[0], nil
}

func (h *Handlers) snapshotItems(ctx context.Context, snapshots []model.Snapshot) ([]views.SnapshotItem, error) {
	n, err := h.Store.Names(ctx, namesOfSnapshots(snapshots))
	if err != nil {
		return nil, err
	}
	var running map[uuid.UUID]uuid.UUID
	items := make([]views.SnapshotItem, 0, len(snapshots))
	for _, s := range snapshots {
		item := views.SnapshotItem{Snapshot: s, AppName: n[s.AppID], DestinationName: n[s.DestinationID], PolicyName: n[s.ConfigurationID]}
		if s.Status == model.SnapshotInProgress {
			if running == nil {
				if running, err = h.makers(ctx); err != nil {
					return nil, err
				}
			}
			item.Progress = h.progress(running[s.ID])
		}
		items = append(items, item)
	}
	return items, nil
}

// makers maps each snapshot that is being made to its job.
func (h *Handlers) makers(ctx context.Context) (map[uuid.UUID]uuid.UUID, error) {
	jobs, err := h.Store.RunningJobs(ctx)
	out := make(map[uuid.UUID]uuid.UUID, len(jobs))
	for _, j := range jobs {
		if j.Kind == model.JobBackup {
			out[j.SnapshotID] = j.ID
		}
	}
	return out, err
}

func (h *Handlers) snapshots(ctx context.Context, f model.SnapshotFilter) ([]views.SnapshotItem, error) {
	rows, err := h.Store.Snapshots(ctx, f)
	if err != nil {
		return nil, err
	}
	return h.snapshotItems(ctx, rows)
}

// jobOf returns the id of the backup job that made a snapshot, the nil id when it is no longer known.
func (h *Handlers) jobOf(ctx context.Context, snapshot uuid.UUID) (uuid.UUID, error) {
	made, err := h.Store.Jobs(ctx, model.JobFilter{
		SnapshotID: snapshot, Kinds: []model.JobKind{model.JobBackup}, Page: model.Page{Limit: 1},
	})
	if err != nil || len(made) == 0 {
		return uuid.Nil, err
	}
	return made[0].ID, nil
}

func (h *Handlers) progress(job uuid.UUID) *model.Progress {
	if p, ok := h.Jobs.Progress(job); ok {
		return &p
	}
	return nil
}

// progressOf collects the progress of the jobs that run for the apps.
func (h *Handlers) progressOf(apps []model.AppOverview) map[uuid.UUID]model.Progress {
	out := map[uuid.UUID]model.Progress{}
	for _, a := range apps {
		for _, c := range a.Configurations {
			for _, cover := range c.Coverage {
				if p := h.progress(cover.RunningJobID); p != nil {
					out[cover.RunningJobID] = *p
				}
			}
		}
	}
	return out
}
