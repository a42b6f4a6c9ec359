package handlers

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
	"keepstead/views"
)

// names finds what jobs and snapshots are about, each app, destination and policy once. A removed one keeps its name.
type names struct {
	ctx   context.Context
	store *store.Store
	seen  map[uuid.UUID]string
}

func (h *Handlers) names(ctx context.Context) names {
	return names{ctx: ctx, store: h.Store, seen: map[uuid.UUID]string{}}
}

func (n names) find(id uuid.UUID, read func() (string, error)) (string, error) {
	if name, ok := n.seen[id]; ok || id == uuid.Nil {
		return name, nil
	}
	name, err := read()
	if errors.Is(err, model.ErrNotFound) {
		err = nil
	}
	n.seen[id] = name
	return name, err
}

func (n names) app(id uuid.UUID) (string, error) {
	return n.find(id, func() (string, error) {
		a, err := n.store.App(n.ctx, id)
		return a.Name, err
	})
}

func (n names) destination(id uuid.UUID) (string, error) {
	return n.find(id, func() (string, error) {
		d, err := n.store.AnyDestination(n.ctx, id)
		return d.Name, err
	})
}

// policy names the policy of a configuration.
func (n names) policy(configuration uuid.UUID) (string, error) {
	return n.find(configuration, func() (string, error) {
		c, err := n.store.Configuration(n.ctx, configuration)
		if err != nil {
			return "", err
		}
		p, err := n.store.Policy(n.ctx, c.PolicyID)
		return p.Name, err
	})
}

// jobItem adds names and progress to a job.
func (h *Handlers) jobItem(n names, j model.Job) (views.JobItem, error) {
	app, err := n.app(j.AppID)
	if err != nil {
		return views.JobItem{}, err
	}
	destination, err := n.destination(j.DestinationID)
	return views.JobItem{Job: j, AppName: app, DestinationName: destination, Progress: h.progress(j.ID)}, err
}

func (h *Handlers) jobItems(ctx context.Context, jobs []model.Job) ([]views.JobItem, error) {
	n := h.names(ctx)
	items := make([]views.JobItem, 0, len(jobs))
	for _, j := range jobs {
		item, err := h.jobItem(n, j)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
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
func (h *Handlers) snapshotItem(n names, s model.Snapshot) (views.SnapshotItem, error) {
	item := views.SnapshotItem{Snapshot: s}
	var err error
	if item.AppName, err = n.app(s.AppID); err != nil {
		return item, err
	}
	if item.DestinationName, err = n.destination(s.DestinationID); err != nil {
		return item, err
	}
	if item.PolicyName, err = n.policy(s.ConfigurationID); err != nil {
		return item, err
	}
	if s.Status == model.SnapshotInProgress {
		job, err := h.jobOf(n.ctx, s.ID)
		if err != nil {
			return item, err
		}
		item.Progress = h.progress(job)
	}
	return item, nil
}

func (h *Handlers) snapshots(ctx context.Context, f model.SnapshotFilter) ([]views.SnapshotItem, error) {
	rows, err := h.Store.Snapshots(ctx, f)
	if err != nil {
		return nil, err
	}
	n := h.names(ctx)
	items := make([]views.SnapshotItem, 0, len(rows))
	for _, s := range rows {
		item, err := h.snapshotItem(n, s)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
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
