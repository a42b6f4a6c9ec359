package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// When the house keeps itself, in the server's zone. Backups follow their policies.
const (
	everyMinute  = "* * * * *"
	tidySchedule = "15 3 * * *"
	lookSchedule = "*/15 * * * *"
)

// Bounds of the schedule and of history.
const (
	catchUpAfter = 5 * time.Minute // a slot later than this was missed, not just due
	keepHistory  = 180 * 24 * time.Hour
	tickLimit    = 50 * time.Second
)

// startSchedule runs one tick a minute. A tick finds the slots that came due since each policy's last one, so that a
// missed night, a slow minute and a changed clock are one case, and runs only the latest of them. With jitter each app has
// slots of its own, later by its delay; all destinations of an app still share one slot, and so one capture.
func (m *Manager) startSchedule() error {
	s, err := gocron.NewScheduler(gocron.WithClock(m.Clock))
	if err != nil {
		return err
	}
	for _, task := range []struct {
		cron string
		do   func(context.Context) error
	}{
		{everyMinute, m.tick},
		{tidySchedule, m.tidy},
		{lookSchedule, m.refreshDevices},
	} {
		_, err := s.NewJob(gocron.CronJob(task.cron, false), gocron.NewTask(m.guarded(task.cron, task.do)),
			gocron.WithSingletonMode(gocron.LimitModeReschedule))
		if err != nil {
			return fmt.Errorf("schedule %q: %w", task.cron, err)
		}
	}
	m.scheduler = s
	s.Start()
	m.guarded("at the start", m.tick)() // one policy that cannot be read must not keep the others, and the pages, from starting
	return nil
}

// guarded logs what a scheduled task could not do; the next tick tries again.
func (m *Manager) guarded(name string, do func(context.Context) error) func() {
	return func() {
		ctx, cancel := context.WithTimeout(m.base, tickLimit)
		defer cancel()
		if err := do(ctx); err != nil && m.base.Err() == nil {
			m.logger.Error("scheduled task", "schedule", name, "error", err)
		}
	}
}

// tick queues the backups of every policy whose schedule has come due.
func (m *Manager) tick(ctx context.Context) error {
	policies, err := m.Store.Policies(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, p := range policies {
		if err := m.tickPolicy(ctx, p); err != nil {
			problems = append(problems, fmt.Errorf("policy %q: %w", p.Name, err))
		}
	}
	return errors.Join(append(problems, m.tickUpkeep(ctx), m.takeBackSoon(ctx), m.tickWeekly(ctx))...)
}

func (m *Manager) tickPolicy(ctx context.Context, p model.Policy) error {
	if !p.Enabled {
		return nil
	}
	cron, err := p.Cron()
	if err != nil {
		return err
	}
	since, now := lastSlot(p), m.now()
	slot := cron.LastMissed(since.Add(-p.Jitter()), now).UTC()
	if slot.IsZero() {
		return nil
	}
	until := slot.Add(p.Jitter()) // when the last app starts
	if now.Before(until) {
		until = now
	}
	if !until.After(since) { // the clock was set back
		return nil
	}
	if err := m.fillSlots(ctx, p, cron, since, now); err != nil {
		return err
	}
	return m.Store.SetLastSlot(ctx, p.ID, until)
}

// lastSlot is up to when the slots of a policy were filled. It lies ahead where a spread was changed in its middle.
func lastSlot(p model.Policy) time.Time {
	if p.LastSlotAt != nil {
		return *p.LastSlotAt
	}
	return p.CreatedAt
}

// fillSlots queues a backup per configuration and destination for the newest slot of each app up to now. A pair whose
// last backup has not ended is passed over: two runs of one thing side by side help nobody. A slot that is there already
// is left alone.
func (m *Manager) fillSlots(ctx context.Context, p model.Policy, cron model.Cron, since, now time.Time) error {
	all, err := m.Store.Configurations(ctx, store.ConfigurationFilter{PolicyID: p.ID})
	if err != nil {
		return err
	}
	busy, err := m.busy(ctx)
	if err != nil {
		return err
	}
	var jobs []model.Job
	var snapshots []model.Snapshot
	for _, c := range all {
		slot := cron.Later(p.Delay(c.AppID)).LastMissed(since, now).UTC()
		if !c.Enabled || slot.IsZero() {
			continue
		}
		plan, err := m.plan(ctx, c.ID)
		if err != nil {
			return err
		}
		if plan.app.Gone || plan.app.Disabled || plan.app.ForgottenAt != nil {
			continue
		}
		batch := model.NewID()
		for _, d := range plan.destinations {
			if busy[pair{c.ID, d.ID}] {
				m.logger.Warn("a backup is still under way; its next slot is passed over", "app", plan.app.Name, "destination", d.Name)
				continue
			}
			job, snapshot := plan.backup(d, m.triggerOf(slot), batch, &slot, m.now())
			jobs, snapshots = append(jobs, job), append(snapshots, snapshot)
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	_, err = m.create(ctx, snapshots, jobs...)
	return err
}

// triggerOf tells a slot that is due from one that was missed.
func (m *Manager) triggerOf(slot time.Time) model.JobTrigger {
	if m.now().Sub(slot) > catchUpAfter {
		return model.TriggerCatchUp
	}
	return model.TriggerSchedule
}

// pair is a configuration in a destination.
type pair struct{ configuration, destination uuid.UUID }

// busy lists the pairs with an open backup.
func (m *Manager) busy(ctx context.Context) (map[pair]bool, error) {
	open, err := m.Store.Jobs(ctx, model.JobFilter{
		Kinds: []model.JobKind{model.JobBackup}, States: []model.JobState{model.JobQueued, model.JobRunning},
		Page: model.Page{Limit: model.MaxPage},
	})
	if err != nil {
		return nil, err
	}
	out := map[pair]bool{}
	for _, j := range open {
		out[pair{j.ConfigurationID, j.DestinationID}] = true
	}
	return out, nil
}

// tidy drops history past its time: old jobs with their logs, sessions that have ended, and the end of the audit log.
func (m *Manager) tidy(ctx context.Context) error {
	gone, err := m.Store.DeleteOldJobs(ctx, m.now().Add(-keepHistory))
	for _, id := range gone {
		if e := os.Remove(m.logPath(id)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, m.Store.DeleteExpiredSessions(ctx), m.Store.TrimAuditLog(ctx, m.now().Add(-model.KeepAudit), model.MaxAuditEntries))
}
