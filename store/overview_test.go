package store

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

func TestCoverages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	second := w.newDestination("second")
	p := w.policy
	p.DestinationIDs = []uuid.UUID{second.ID, w.destination.ID}
	must[model.Policy](t)(w.UpdatePolicy(ctx, p))

	_, good := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	_, partial := w.runBackup(w.configuration, w.destination, model.JobPartial)
	failed, _ := w.runBackup(w.configuration, w.destination, model.JobFailed)
	open := w.queueBackup(w.configuration, w.destination)
	prune := w.queue(model.Job{Kind: model.JobPrune, DestinationID: second.ID})[0]

	got := must[[]model.Coverage](t)(w.Coverages(ctx, w.configuration.ID))
	if len(got) != 2 || got[0].DestinationID != second.ID || got[1].DestinationID != w.destination.ID {
		t.Fatalf("coverages are %+v", got)
	}
	if c := got[0]; c.LastGoodID != uuid.Nil || c.LastGoodAt != nil || c.LastJobID != uuid.Nil || c.LastState != "" || c.LastAt != nil || c.RunningJobID != uuid.Nil {
		t.Errorf("the empty destination covers %+v (prune is %s)", c, prune.ID)
	}
	c := got[1]
	if c.LastGoodID != good.ID || c.LastGoodAt == nil || !c.LastGoodAt.Equal(good.StartedAt) || c.LastGoodSize != 5000 {
		t.Errorf("last good is %s of %v, want %s (partial is %s)", c.LastGoodID, c.LastGoodAt, good.ID, partial.ID)
	}
	if c.LastJobID != failed.ID || c.LastState != model.JobFailed || c.LastMessage != "as told" || c.LastAt == nil {
		t.Errorf("last job is %+v", c)
	}
	if c.RunningJobID != open.ID || c.ConfigurationID != w.configuration.ID {
		t.Errorf("running is %s, want %s", c.RunningJobID, open.ID)
	}
	if n := len(must[[]model.Coverage](t)(w.Coverages(ctx, uuid.Nil))); n != 6 {
		t.Errorf("%d coverages in all, want three configurations at two destinations", n)
	}
	if n := len(must[[]model.Coverage](t)(w.Coverages(ctx, none))); n != 0 {
		t.Errorf("%d coverages of nothing", n)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.runBackup(w.configuration, w.destination, model.JobSuccess)
	w.runBackup(w.configuration, w.destination, model.JobSuccess)
	old, _ := w.runBackup(w.configuration, w.destination, model.JobFailed)
	_, err := w.w.Exec("UPDATE jobs SET finished_at = ? WHERE id = ?", now().Add(-25*time.Hour), old.ID.String())
	check(t, err)
	w.running()
	w.queue(model.Job{Kind: model.JobPrune, DestinationID: w.destination.ID})
	got := must[model.Counts](t)(w.Counts(ctx))
	if got.Queued != 1 || got.Running != 1 || got.Finished[model.JobSuccess] != 2 || got.Finished[model.JobFailed] != 0 ||
		got.Snapshots != 2 || got.StoredBytes != 2000 || got.Apps != 3 {
		t.Errorf("counts are %+v", got)
	}
}

func TestDailyOutcomes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	zone, err := time.LoadLocation("Europe/Berlin")
	check(t, err)
	today := now().In(zone)
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, zone)
	for _, one := range []struct {
		at    time.Time
		state model.JobState
	}{
		{midnight, model.JobSuccess},
		{midnight.Add(-time.Microsecond), model.JobPartial},
		{midnight.AddDate(0, 0, -1), model.JobFailed},
		{midnight.AddDate(0, 0, -1).Add(-time.Microsecond), model.JobSuccess},
		{midnight.AddDate(0, 0, -40), model.JobSuccess},
	} {
		j, _ := w.runBackup(w.configuration, w.destination, one.state)
		_, err := w.w.NewRaw("UPDATE jobs SET finished_at = ? WHERE id = ?", one.at, j.ID).Exec(ctx)
		check(t, err)
	}
	check1 := w.queue(model.Job{Kind: model.JobCheck, DestinationID: w.destination.ID})[0]
	must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
	check(t, w.FinishJob(ctx, check1.ID, Outcome{State: model.JobFailed})) // not a backup

	got := must[[]model.DayOutcome](t)(w.DailyOutcomes(ctx, midnight.AddDate(0, 0, -2).Add(time.Hour), zone))
	if len(got) != 3 {
		t.Fatalf("%d days: %+v", len(got), got)
	}
	for i, want := range []model.DayOutcome{{Success: 1}, {Partial: 1, Failed: 1}, {Success: 1}} {
		want.Day = midnight.AddDate(0, 0, i-2)
		if !got[i].Day.Equal(want.Day) || got[i].Day.Location() != zone {
			t.Errorf("day %d is %v, want %v", i, got[i].Day, want.Day)
		}
		got[i].Day = want.Day
		if got[i] != want {
			t.Errorf("day %d has %+v, want %+v", i, got[i], want)
		}
	}
	if n := len(must[[]model.DayOutcome](t)(w.DailyOutcomes(ctx, now().AddDate(-9, 0, 0), zone))); n == 0 || n > maxDays {
		t.Errorf("nine years gave %d days", n)
	}
	if n := len(must[[]model.DayOutcome](t)(w.DailyOutcomes(ctx, now().AddDate(1, 0, 0), zone))); n != 0 {
		t.Errorf("the future gave %d days", n)
	}
}

func TestDaysSinceAtTheChangeOfTheClock(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	check(t, err)
	days := daysSince(time.Date(2026, 3, 28, 12, 0, 0, 0, zone), time.Date(2026, 3, 30, 1, 0, 0, 0, zone), zone)
	if len(days) != 4 || days[2].Sub(days[1]) != 23*time.Hour {
		t.Errorf("days are %v", days)
	}
}
