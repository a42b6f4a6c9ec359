package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// Overview returns every app with its configurations and their status, in the store's order.
func (m *Manager) Overview(ctx context.Context) ([]model.AppOverview, error) {
	h, err := m.stock(ctx)
	if err != nil {
		return nil, err
	}
	return h.overviews(m.now()), nil
}

// AppOverview returns one app with its configurations and their status.
func (m *Manager) AppOverview(ctx context.Context, id uuid.UUID) (model.AppOverview, error) {
	app, err := m.Store.App(ctx, id)
	if err != nil {
		return model.AppOverview{}, err
	}
	h, err := m.stockOf(ctx, []model.App{app}, store.ConfigurationFilter{AppID: id})
	if err != nil {
		return model.AppOverview{}, err
	}
	return h.overviews(m.now())[0], nil
}

func (h *stock) overviews(now time.Time) []model.AppOverview {
	plans := timetables(h.policies, now)
	byApp := map[uuid.UUID][]model.ConfigurationOverview{}
	for _, c := range h.configurations {
		o := model.ConfigurationOverview{Configuration: c, Policy: h.policies[c.PolicyID]}
		for _, id := range o.Policy.DestinationIDs {
			if h.enabled[id] {
				o.Coverage = append(o.Coverage, h.covered[pair{c.ID, id}].in(c.ID, id))
			}
		}
		byApp[c.AppID] = append(byApp[c.AppID], o)
	}
	out := make([]model.AppOverview, 0, len(h.apps))
	for _, a := range h.apps {
		o := model.AppOverview{App: a, Device: h.devices[a.DeviceID], Configurations: byApp[a.ID], Status: model.Unprotected}
		for i := range o.Configurations {
			policy := o.Configurations[i].Policy
			judgeConfiguration(&o.Configurations[i], a, plans[policy.ID].of(policy, a.ID, now), now)
			if s := o.Configurations[i].Status; i == 0 || s.Severity() > o.Status.Severity() {
				o.Status = s
			}
		}
		out = append(out, o)
	}
	return out
}

// timetable is a policy's schedule, read once for all that follow it.
type timetable struct {
	cron  model.Cron
	delay time.Duration // of the app, in cron already
	next  time.Time
	ok    bool // it can be read
}

func timetables(policies map[uuid.UUID]model.Policy, now time.Time) map[uuid.UUID]timetable {
	out := make(map[uuid.UUID]timetable, len(policies))
	for id, p := range policies {
		if cron, err := p.Cron(); err == nil {
			out[id] = timetable{cron: cron, next: cron.Next(startsAfter(p, now)), ok: true}
		}
	}
	return out
}

// of is the schedule as it is for one of the apps.
func (t timetable) of(p model.Policy, app uuid.UUID, now time.Time) timetable {
	if delay := p.Delay(app); t.ok && delay > 0 {
		t.cron, t.delay = t.cron.Later(delay), delay
		t.next = t.cron.Next(startsAfter(p, now))
	}
	return t
}

// startsAfter is the moment before which no app of the policy starts any more.
func startsAfter(p model.Policy, now time.Time) time.Time {
	if filled := lastSlot(p); filled.After(now) {
		return filled
	}
	return now
}

// surroundings reads what every configuration is seen against.
func (m *Manager) surroundings(ctx context.Context) (map[uuid.UUID]model.Device, map[uuid.UUID]model.Policy, map[uuid.UUID]bool, error) {
	deviceRows, err := m.Store.Devices(ctx)
	policyRows, err2 := m.Store.Policies(ctx)
	destinationRows, err3 := m.Store.Destinations(ctx)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, nil, nil, err
	}
	devices := map[uuid.UUID]model.Device{}
	for _, d := range deviceRows {
		devices[d.ID] = d
	}
	policies := map[uuid.UUID]model.Policy{}
	for _, p := range policyRows {
		policies[p.ID] = p
	}
	enabled := map[uuid.UUID]bool{}
	for _, d := range destinationRows {
		enabled[d.ID] = d.Enabled
	}
	return devices, policies, enabled, nil
}

// coverage is a model.Coverage that may be missing.
type coverage model.Coverage

// in returns the coverage with its ids, which a pair that was never backed up lacks.
func (c coverage) in(configuration, destination uuid.UUID) model.Coverage {
	c.ConfigurationID, c.DestinationID = configuration, destination
	return model.Coverage(c)
}

func (m *Manager) coverages(ctx context.Context, only ...uuid.UUID) (map[pair]coverage, error) {
	rows, err := m.Store.Coverages(ctx, only...)
	if err != nil {
		return nil, err
	}
	out := make(map[pair]coverage, len(rows))
	for _, c := range rows {
		out[pair{c.ConfigurationID, c.DestinationID}] = coverage(c)
	}
	return out, nil
}

// judgeConfiguration gathers the facts of one configuration and sets its status and next run.
func judgeConfiguration(o *model.ConfigurationOverview, app model.App, schedule timetable, now time.Time) {
	f := model.Facts{
		Enabled:      o.Configuration.Enabled && o.Policy.Enabled && !app.Gone && !app.Disabled && app.ForgottenAt == nil,
		Destinations: len(o.Coverage), Frozen: o.Configuration.FrozenAt != nil,
	}
	if f.Enabled && f.Destinations > 0 {
		o.NextRun = schedule.next
	}
	good := true
	for _, c := range o.Coverage {
		f.Running = f.Running || c.RunningJobID != uuid.Nil
		if worse(c.LastState, f.LastState) {
			f.LastState = c.LastState
		}
		switch {
		case c.LastGoodAt == nil:
			good, f.LastGood = false, nil
		case good && (f.LastGood == nil || c.LastGoodAt.Before(*f.LastGood)):
			f.LastGood = c.LastGoodAt
		}
	}
	if schedule.ok && len(o.Coverage) > 0 {
		since := o.Configuration.CreatedAt
		if f.LastGood != nil { // what was saved since a run of the schedule began is of that run, however late the app starts
			since = f.LastGood.Add(schedule.delay)
		} else if o.Policy.LastSlotAt != nil && o.Policy.LastSlotAt.After(since) {
			since = *o.Policy.LastSlotAt
		}
		f.Due = schedule.cron.Next(since)
	}
	o.Status = f.Judge(now)
}

// worse orders the final states of the newest jobs.
func worse(a, b model.JobState) bool {
	rank := map[model.JobState]int{
		"": 0, model.JobSuccess: 1, model.JobCancelled: 2, model.JobPartial: 3, model.JobInterrupted: 4, model.JobFailed: 5,
	}
	return rank[a] > rank[b]
}
