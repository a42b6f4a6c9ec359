package store

import (
	"math/rand/v2"
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
	must[model.Policy](t)(w.UpdatePolicy(ctx, p, time.Time{}))

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
	if c.LastCause != model.CauseUnreadable || c.LastMend != "as advised" || c.PartialID != uuid.Nil {
		t.Errorf("last job ended by %q, mend %q, and beside a full snapshot %s is told", c.LastCause, c.LastMend, c.PartialID)
	}
	if c.RunningJobID != open.ID || c.ConfigurationID != w.configuration.ID {
		t.Errorf("running is %s, want %s", c.RunningJobID, open.ID)
	}
	check(t, w.DeleteSnapshots(ctx, []uuid.UUID{good.ID}))
	c = must[[]model.Coverage](t)(w.Coverages(ctx, w.configuration.ID))[1]
	if c.LastGoodAt != nil || c.PartialID != partial.ID || c.PartialAt == nil || !c.PartialAt.Equal(partial.StartedAt) || c.PartialSize != 5000 {
		t.Errorf("without a full snapshot the newest incomplete one is %s of %v, want %s", c.PartialID, c.PartialAt, partial.ID)
	}
	if n := len(must[[]model.Coverage](t)(w.Coverages(ctx))); n != 6 {
		t.Errorf("%d coverages in all, want three configurations at two destinations", n)
	}
	if n := len(must[[]model.Coverage](t)(w.Coverages(ctx, none))); n != 0 {
		t.Errorf("%d coverages of nothing", n)
	}
}

// TestSafetySnapshotsAreNotGood: the state that a restore replaced may be the broken one.
func TestSafetySnapshotsAreNotGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, good := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	at := good.StartedAt.Add(time.Hour)
	safety := model.Snapshot{
		ID: model.NewID(), AppID: w.app.ID, ConfigurationID: w.configuration.ID, DestinationID: w.destination.ID, Safety: true,
		ResticSnapshotID: "5afe", Status: model.SnapshotSuccess, Paths: []string{"/srv"}, StartedAt: at, CompletedAt: &at, CreatedAt: at,
	}
	must[int](t)(w.CreateSnapshots(ctx, []model.Snapshot{safety}))
	if got := must[[]model.Coverage](t)(w.Coverages(ctx, w.configuration.ID)); got[0].LastGoodID != good.ID {
		t.Errorf("the last good snapshot is %s, want %s", got[0].LastGoodID, good.ID)
	}
	if got := must[model.Snapshot](t)(w.LastGoodSnapshot(ctx, w.configuration.ID, w.destination.ID)); got.ID != good.ID {
		t.Errorf("a backup is compared with %s, want %s", got.ID, good.ID)
	}
	if got := must[map[uuid.UUID]uuid.UUID](t)(w.NewestSnapshots(ctx)); got[w.app.ID] != good.ID {
		t.Errorf("the newest to restore is %s, want %s", got[w.app.ID], good.ID)
	}
	check(t, w.DeleteSnapshots(ctx, []uuid.UUID{good.ID}))
	if got := must[[]model.Coverage](t)(w.Coverages(ctx, w.configuration.ID)); got[0].LastGoodID != uuid.Nil {
		t.Errorf("with only a safety snapshot left, %s is the last good", got[0].LastGoodID)
	}
	checkCoverage(t, w.Store)
}

// checkCoverage compares the table that triggers keep with what the history says.
func checkCoverage(t *testing.T, s *Store) {
	t.Helper()
	rows, err := s.r.DB.Query(`WITH pair (conf, dest) AS (
			SELECT configuration_id, destination_id FROM snapshots
			UNION SELECT configuration_id, destination_id FROM jobs WHERE kind = 'backup' AND destination_id IS NOT NULL
			UNION SELECT configuration_id, destination_id FROM coverage),
		truth (conf, dest, good, job) AS (SELECT conf, dest,
			(SELECT id FROM snapshots WHERE status = 'success' AND safety = 0 AND configuration_id = conf AND destination_id = dest
				ORDER BY started_at DESC, id DESC LIMIT 1),
			(SELECT id FROM jobs WHERE kind = 'backup' AND state NOT IN ('queued', 'running')
				AND configuration_id = conf AND destination_id = dest ORDER BY id DESC LIMIT 1) FROM pair)
		SELECT conf, dest, coalesce(good, ''), coalesce(job, ''), coalesce(last_good_id, ''), coalesce(last_job_id, '')
		FROM truth LEFT JOIN coverage ON configuration_id = conf AND destination_id = dest
		WHERE good IS NOT last_good_id OR job IS NOT last_job_id`)
	check(t, err)
	defer func() { check(t, rows.Close()) }()
	for rows.Next() {
		var v [6]string
		check(t, rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5]))
		t.Errorf("of %s at %s the history says %s and %s, the table %s and %s", v[0], v[1], v[2], v[3], v[4], v[5])
	}
	check(t, rows.Err())
}

// TestCoverageFollowsTheHistory does all that may change what is newest, and compares after each.
func TestCoverageFollowsTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	second := w.newDestination("second")
	other := must[model.Configuration](t)(w.AutomaticConfiguration(ctx, w.newApp("music").ID))
	random := rand.New(rand.NewPCG(1, 2))
	states := []model.JobState{model.JobSuccess, model.JobPartial, model.JobFailed, model.JobCancelled, model.JobInterrupted}
	for range 60 {
		conf, place := []model.Configuration{w.configuration, other}[random.IntN(2)], []model.Destination{w.destination, second}[random.IntN(2)]
		switch random.IntN(7) {
		case 0: // an import of something older, and one of something newer
			must[int](t)(w.CreateSnapshots(ctx, []model.Snapshot{
				{ConfigurationID: conf.ID, DestinationID: place.ID, ResticSnapshotID: uuid.NewString(), Status: model.SnapshotSuccess, StartedAt: now().AddDate(-1, 0, 0)},
				{ConfigurationID: conf.ID, DestinationID: place.ID, ResticSnapshotID: uuid.NewString(), Status: model.SnapshotSuccess, StartedAt: now().Add(time.Minute)},
			}))
		case 1:
			check(t, w.CancelQueuedJob(ctx, w.queueBackup(conf, place).ID))
		case 2: // forget the newest
			if snap, err := w.LastGoodSnapshot(ctx, conf.ID, place.ID); err == nil {
				check(t, w.DeleteSnapshots(ctx, []uuid.UUID{snap.ID}))
			}
		case 3:
			must[[]uuid.UUID](t)(w.DeleteOldJobs(ctx, now()))
		default:
			w.runBackup(conf, place, states[random.IntN(len(states))])
		}
		checkCoverage(t, w.Store)
	}
	check(t, w.RemoveDestination(ctx, second.ID))
	checkCoverage(t, w.Store)
	check(t, w.DeleteDestination(ctx, second.ID))
	checkCoverage(t, w.Store)
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
