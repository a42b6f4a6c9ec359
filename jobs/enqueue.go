package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// create writes jobs and their open snapshots as queued, tells the pages, and wakes a worker.
func (m *Manager) create(ctx context.Context, snapshots []model.Snapshot, jobs ...model.Job) ([]model.Job, error) {
	now := m.now()
	for i := range jobs {
		if jobs[i].ID == uuid.Nil {
			jobs[i].ID = model.NewID()
		}
		jobs[i].State, jobs[i].CreatedAt = model.JobQueued, now
	}
	made, err := m.Store.CreateJobs(ctx, jobs, snapshots)
	if err != nil {
		return nil, err
	}
	for _, job := range made {
		m.publishJob(job)
	}
	m.poke()
	return made, nil
}

// plan is what a backup of one configuration needs to know before it is queued.
type plan struct {
	configuration model.Configuration
	app           model.App
	policy        model.Policy
	destinations  []model.Destination // enabled ones of the policy
}

func (m *Manager) plan(ctx context.Context, configuration uuid.UUID) (plan, error) {
	var p plan
	var err error
	if p.configuration, err = m.Store.Configuration(ctx, configuration); err != nil {
		return p, err
	}
	if p.app, err = m.Store.App(ctx, p.configuration.AppID); err != nil {
		return p, err
	}
	if p.policy, err = m.Store.Policy(ctx, p.configuration.PolicyID); err != nil {
		return p, err
	}
	for _, id := range p.policy.DestinationIDs {
		d, err := m.Store.Destination(ctx, id)
		if err != nil {
			return p, err
		}
		if d.Enabled && d.RepoInitialized {
			p.destinations = append(p.destinations, d)
		}
	}
	return p, nil
}

// backup returns the job and the open snapshot row for one destination of the plan. Those of one batch share a capture.
func (p plan) backup(d model.Destination, trigger model.JobTrigger, batch uuid.UUID, slot *time.Time, now time.Time) (model.Job, model.Snapshot) {
	snapshot := model.Snapshot{
		ID: model.NewID(), ConfigurationID: p.configuration.ID, DestinationID: d.ID, AppID: p.app.ID,
		Paths: p.app.Paths, Status: model.SnapshotInProgress, StartedAt: now, CreatedAt: now,
	}
	return model.Job{
		Kind: model.JobBackup, Trigger: trigger, ConfigurationID: p.configuration.ID, DestinationID: d.ID,
		SnapshotID: snapshot.ID, AppID: p.app.ID, DeviceID: p.app.DeviceID, Batch: batch, Slot: slot,
	}, snapshot
}

// Backup queues a backup of the configuration into every enabled destination of its policy. Destinations where one is
// already open are left out; a model.Conflict says that none was left.
func (m *Manager) Backup(ctx context.Context, configuration uuid.UUID, trigger model.JobTrigger) ([]model.Job, error) {
	p, err := m.plan(ctx, configuration)
	if err != nil {
		return nil, err
	}
	switch {
	case p.app.Gone || p.app.ForgottenAt != nil:
		return nil, model.Conflict{Reason: fmt.Sprintf("%q is gone; there is nothing to back up.", p.app.Name)}
	case len(p.destinations) == 0:
		return nil, model.Invalid{
			Field:  "destination_ids",
			Reason: fmt.Sprintf("The policy %q has no enabled destination; add one first.", p.policy.Name),
		}
	}
	var made []model.Job
	batch := model.NewID()
	for _, d := range p.destinations {
		job, snapshot := p.backup(d, trigger, batch, nil, m.now())
		jobs, err := m.create(ctx, []model.Snapshot{snapshot}, job)
		if errors.Is(err, model.ErrConflict) {
			continue
		}
		if err != nil {
			return made, err
		}
		made = append(made, jobs...)
	}
	if len(made) == 0 {
		return nil, model.Conflict{Reason: fmt.Sprintf("A backup of %q is already under way.", p.app.Name)}
	}
	return made, nil
}

// BackupAll queues a backup of every enabled configuration that has somewhere to go and none under way.
func (m *Manager) BackupAll(ctx context.Context, trigger model.JobTrigger) ([]model.Job, error) {
	all, err := m.Store.Configurations(ctx, store.ConfigurationFilter{})
	if err != nil {
		return nil, err
	}
	apps, err := m.Store.Apps(ctx)
	if err != nil {
		return nil, err
	}
	resting := map[uuid.UUID]bool{}
	for _, a := range apps {
		resting[a.ID] = a.Disabled
	}
	var made []model.Job
	for _, c := range all {
		if !c.Enabled || resting[c.AppID] {
			continue
		}
		jobs, err := m.Backup(ctx, c.ID, trigger)
		if err != nil && !errors.Is(err, model.ErrConflict) && model.Refused(err) == nil {
			return made, err
		}
		made = append(made, jobs...)
	}
	if len(made) == 0 {
		return nil, model.Conflict{Reason: "Nothing to start: no app has an enabled destination and no backup under way."}
	}
	return made, nil
}

// again queues the work of a final job once more.
func (m *Manager) again(ctx context.Context, job model.Job, trigger model.JobTrigger) (model.Job, error) {
	next := model.Job{
		Kind: job.Kind, Trigger: trigger, ConfigurationID: job.ConfigurationID, DestinationID: job.DestinationID,
		SnapshotID: job.SnapshotID, AppID: job.AppID, DeviceID: job.DeviceID, Restore: job.Restore, RetryOf: job.ID,
	}
	var snapshots []model.Snapshot
	if job.Kind == model.JobBackup {
		p, err := m.plan(ctx, job.ConfigurationID)
		if err != nil {
			return next, err
		}
		d, err := m.Store.Destination(ctx, job.DestinationID)
		if err != nil {
			return next, err
		}
		if !d.Enabled {
			return next, model.Conflict{Reason: fmt.Sprintf("The destination %q is off; turn it on first.", d.Name)}
		}
		fresh, snapshot := p.backup(d, trigger, job.Batch, nil, m.now())
		next.Batch = fresh.Batch
		next.SnapshotID, snapshots = fresh.SnapshotID, []model.Snapshot{snapshot}
	}
	made, err := m.create(ctx, snapshots, next)
	if err != nil {
		return next, err
	}
	if len(made) == 0 {
		return next, model.Conflict{Reason: "This work is already under way."}
	}
	return made[0], nil
}

// Retry queues the work of a job that failed, was cancelled or interrupted, or ended partially.
func (m *Manager) Retry(ctx context.Context, id uuid.UUID) (model.Job, error) {
	job, err := m.Store.Job(ctx, id)
	if err != nil {
		return job, err
	}
	if !job.State.Final() {
		return job, model.Conflict{Reason: "This job has not ended yet."}
	}
	if job.State == model.JobSuccess {
		return job, model.Conflict{Reason: "This job succeeded; there is nothing to retry."}
	}
	next, err := m.again(ctx, job, model.TriggerRetry)
	if errors.Is(err, model.ErrNotFound) {
		return job, model.Conflict{Reason: "Its app or its destination is no longer here; there is nothing to run again."}
	}
	return next, err
}

// Maintain queues a prune, a check or a sync of a destination.
func (m *Manager) Maintain(ctx context.Context, destination uuid.UUID, kind model.JobKind) (model.Job, error) {
	d, err := m.Store.Destination(ctx, destination)
	if err != nil {
		return model.Job{}, err
	}
	if !d.RepoInitialized {
		return model.Job{}, model.Conflict{Reason: fmt.Sprintf("%q has no repository yet.", d.Name)}
	}
	made, err := m.create(ctx, nil, model.Job{Kind: kind, Trigger: model.TriggerManual, DestinationID: d.ID})
	if err != nil {
		return model.Job{}, err
	}
	if len(made) == 0 {
		return model.Job{}, model.Conflict{Reason: "This is already queued."}
	}
	return made[0], nil
}

// ForgetSnapshot queues the removal of exactly this snapshot from its repository.
func (m *Manager) ForgetSnapshot(ctx context.Context, id uuid.UUID, trigger model.JobTrigger) (model.Job, error) {
	s, err := m.Store.Snapshot(ctx, id)
	if err != nil {
		return model.Job{}, err
	}
	if s.Status == model.SnapshotInProgress {
		return model.Job{}, model.Conflict{Reason: "This snapshot is still being made; cancel its job instead."}
	}
	made, err := m.create(ctx, nil, model.Job{
		Kind: model.JobForget, Trigger: trigger, ConfigurationID: s.ConfigurationID,
		DestinationID: s.DestinationID, SnapshotID: s.ID, AppID: s.AppID,
	})
	if err != nil {
		return model.Job{}, err
	}
	if len(made) == 0 {
		return model.Job{}, model.Conflict{Reason: "This is already queued."}
	}
	return made[0], nil
}

// Wait returns the job once it has ended, or ctx's error.
func (m *Manager) Wait(ctx context.Context, id uuid.UUID) (model.Job, error) {
	listen, stop := context.WithCancel(ctx)
	defer stop()
	changes := m.Hub.Subscribe(listen)
	for {
		job, err := m.Store.Job(ctx, id)
		if err != nil || job.State.Final() {
			return job, err
		}
		select {
		case <-ctx.Done():
			return job, ctx.Err()
		case <-m.base.Done():
			return job, fmt.Errorf("%w: Keepstead is stopping", model.ErrBusy)
		case _, open := <-changes:
			if !open { // dropped as a slow reader: listen anew, then read again
				changes = m.Hub.Subscribe(listen)
			}
		case <-time.After(time.Second):
		}
	}
}
