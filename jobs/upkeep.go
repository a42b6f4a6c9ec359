package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"keepstead/model"
)

// upkeep is what every destination gets without being asked, in the server's zone.
var upkeep = []struct {
	kind     model.JobKind
	schedule string
}{
	{model.JobPrune, "30 4 * * *"},
	{model.JobCheck, "30 5 * * 0"},
}

// tickUpkeep queues the prunes and checks that came due since the newest one of each destination and may start now, so
// that a machine that is off at night gets them too. What is due outside of a destination's window waits for the next.
func (m *Manager) tickUpkeep(ctx context.Context) error {
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	var due []model.Job
	var problems []error
	for _, d := range all {
		problems = append(problems, m.settleRotation(ctx, d))
		if !d.Window.Open(m.now()) {
			problems = append(problems, m.closeWindow(ctx, d))
			continue
		}
		plan, err := m.Upkeep(ctx, d)
		if err != nil {
			return err
		}
		for _, u := range plan {
			if u.Ready(m.now()) {
				due = append(due, model.Job{Kind: u.Kind, Trigger: model.TriggerSchedule, DestinationID: d.ID})
			}
		}
	}
	if len(due) > 0 {
		_, err = m.create(ctx, nil, due...)
	}
	return errors.Join(append(problems, err)...)
}

// Upkeep says when a destination gets each kind of upkeep by itself; nothing where it is off.
func (m *Manager) Upkeep(ctx context.Context, d model.Destination) ([]model.Upkeep, error) {
	if !d.Enabled || !d.RepoInitialized {
		return nil, nil
	}
	var out []model.Upkeep
	for _, u := range upkeep {
		due, err := m.upkeepDue(ctx, d, u.kind, u.schedule)
		if err != nil {
			return nil, err
		}
		out = append(out, d.UpkeepAt(u.kind, due, m.now()))
	}
	return out, nil
}

// upkeepDue returns the first slot since the destination's newest job of the kind, among those in the given states; none
// given are all.
func (m *Manager) upkeepDue(
	ctx context.Context, d model.Destination, kind model.JobKind, schedule string, states ...model.JobState,
) (time.Time, error) {
	cron, err := model.Policy{Schedule: schedule}.Cron()
	if err != nil {
		return time.Time{}, err
	}
	newest, err := m.Store.Jobs(ctx, model.JobFilter{Kinds: []model.JobKind{kind}, States: states, DestinationID: d.ID, Page: model.Page{Limit: 1}})
	if err != nil {
		return time.Time{}, err
	}
	since := d.CreatedAt
	if len(newest) > 0 {
		since = newest[0].CreatedAt
	}
	return cron.Next(since), nil
}

// closeWindow takes the upkeep out of the queue that other work kept from starting in the window: it is still due, and
// waits for the next one. What is overdue stays and runs as soon as it can: where backups fill each window it would else
// never run.
func (m *Manager) closeWindow(ctx context.Context, d model.Destination) error {
	for _, u := range upkeep {
		waiting, err := m.Store.Jobs(ctx, model.JobFilter{
			Kinds: []model.JobKind{u.kind}, States: []model.JobState{model.JobQueued}, DestinationID: d.ID,
		})
		if err != nil {
			return err
		}
		waiting = keep(waiting, func(j model.Job) bool { return j.Trigger == model.TriggerSchedule })
		if len(waiting) == 0 {
			continue
		}
		due, err := m.upkeepDue(ctx, d, u.kind, u.schedule, startedStates()...)
		if err != nil {
			return err
		}
		if d.UpkeepAt(u.kind, due, m.now()).Overdue(m.now()) {
			continue
		}
		if err := m.putOff(ctx, d, waiting); err != nil {
			return err
		}
	}
	return nil
}

// startedStates are those of jobs that do not wait any more.
func startedStates() []model.JobState {
	return []model.JobState{
		model.JobRunning, model.JobSuccess, model.JobPartial, model.JobFailed, model.JobCancelled, model.JobInterrupted,
	}
}

func (m *Manager) putOff(ctx context.Context, d model.Destination, waiting []model.Job) error {
	for _, job := range waiting {
		if err := m.Store.DeleteScheduledJob(ctx, job.ID); err != nil {
			return fmt.Errorf("take upkeep out of the queue: %w", err)
		}
		m.publishJob(job)
		m.logger.Info("upkeep could not start in its window; it waits for the next one", "destination", d.Name, "kind", job.Kind)
	}
	return nil
}
