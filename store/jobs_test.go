package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// backup returns a backup job and the snapshot it will fill.
func backup(c model.Configuration, d model.Destination) (model.Job, model.Snapshot) {
	snap := model.Snapshot{ID: model.NewID(), ConfigurationID: c.ID, DestinationID: d.ID, AppID: c.AppID}
	return model.Job{
		Kind: model.JobBackup, Trigger: model.TriggerManual, ConfigurationID: c.ID, DestinationID: d.ID, AppID: c.AppID, SnapshotID: snap.ID,
	}, snap
}

func (w *world) queue(jobs ...model.Job) []model.Job {
	w.t.Helper()
	return must[[]model.Job](w.t)(w.CreateJobs(w.t.Context(), jobs, nil))
}

func (w *world) queueBackup(c model.Configuration, d model.Destination) model.Job {
	w.t.Helper()
	j, snap := backup(c, d)
	return must[[]model.Job](w.t)(w.CreateJobs(w.t.Context(), []model.Job{j}, []model.Snapshot{snap}))[0]
}

// runBackup queues, claims and finishes a backup. The queue must be empty.
func (w *world) runBackup(c model.Configuration, d model.Destination, state model.JobState) (model.Job, model.Snapshot) {
	w.t.Helper()
	w.queueBackup(c, d)
	j := must[model.Job](w.t)(w.ClaimJob(w.t.Context(), Limits{}))
	snap := finished(must[model.Snapshot](w.t)(w.Snapshot(w.t.Context(), j.SnapshotID)), model.SnapshotStatus(state))
	o := Outcome{State: state, Message: "as told", Mend: "as advised", Cause: model.CauseUnreadable, Snapshot: &snap}
	if state != model.JobSuccess && state != model.JobPartial {
		o.Snapshot = nil
	}
	check(w.t, w.FinishJob(w.t.Context(), j.ID, o))
	return j, snap
}

func finished(snap model.Snapshot, status model.SnapshotStatus) model.Snapshot {
	snap.Status = status
	snap.ResticSnapshotID = strings.ReplaceAll(snap.ID.String()+uuid.NewString(), "-", "")
	snap.DataAdded, snap.DataAddedPacked, snap.TotalSize = 2000, 1000, 5000
	return snap
}

func TestCreateJobs(t *testing.T) {
	t.Parallel()
	slot := time.Date(2026, 5, 1, 2, 0, 0, 0, time.UTC)
	later := slot.Add(time.Hour)
	by := func(at *time.Time, trigger model.JobTrigger) func(*model.Job) {
		return func(j *model.Job) { j.Slot, j.Trigger = at, trigger }
	}
	for _, tc := range []struct {
		name          string
		first, second func(*model.Job)
		run           bool // the first one is running when the second comes
		made          int
		conflict      string
	}{
		{"the same slot twice", by(&slot, model.TriggerSchedule), by(&slot, model.TriggerCatchUp), false, 0, ""},
		{"the same slot while the first runs", by(&slot, model.TriggerSchedule), by(&slot, model.TriggerSchedule), true, 0, ""},
		{"the next slot while the first waits", by(&slot, model.TriggerSchedule), by(&later, model.TriggerSchedule), false, 0, ""},
		{"the next slot while the first runs", by(&slot, model.TriggerSchedule), by(&later, model.TriggerSchedule), true, 1, ""},
		{"a person while one waits", by(&slot, model.TriggerSchedule), by(nil, model.TriggerManual), false, 0, "queued"},
		{"the platform while one runs", by(nil, model.TriggerManual), by(nil, model.TriggerAPI), true, 0, "running"},
		{"a retry while one runs", by(nil, model.TriggerManual), by(nil, model.TriggerRetry), true, 0, "running"},
		{"recovery while one waits", by(nil, model.TriggerManual), by(nil, model.TriggerRecovery), false, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			j, snap := backup(w.configuration, w.destination)
			tc.first(&j)
			must[[]model.Job](t)(w.CreateJobs(t.Context(), []model.Job{j}, []model.Snapshot{snap}))
			if tc.run {
				must[model.Job](t)(w.ClaimJob(t.Context(), Limits{}))
			}
			j2, snap2 := backup(w.configuration, w.destination)
			tc.second(&j2)
			made, err := w.CreateJobs(t.Context(), []model.Job{j2}, []model.Snapshot{snap2})
			if tc.conflict != "" {
				wantIs(t, err, model.ErrConflict)
				if !strings.Contains(err.Error(), tc.conflict) {
					t.Errorf("sentence is %q", err)
				}
			} else {
				check(t, err)
			}
			if len(made) != tc.made {
				t.Errorf("%d jobs made, want %d", len(made), tc.made)
			}
			_, err = w.Snapshot(t.Context(), snap2.ID)
			if got := err == nil; got != (tc.made == 1) {
				t.Errorf("the snapshot of a job passed over is there: %v", got)
			}
		})
	}
}

func TestCreateJobsQueuesTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.newDestination("other")
	w.queueBackup(w.configuration, w.destination)
	a, snapA := backup(w.configuration, w.destination)
	b, snapB := backup(w.configuration, other)
	made := must[[]model.Job](t)(w.CreateJobs(t.Context(), []model.Job{a, b}, []model.Snapshot{snapA, snapB}))
	if len(made) != 1 || made[0].DestinationID != other.ID || made[0].State != model.JobQueued || made[0].ID == uuid.Nil {
		t.Errorf("made %+v", made)
	}
	if got := must[model.Snapshot](t)(w.Snapshot(t.Context(), snapB.ID)); got.Status != model.SnapshotInProgress || got.StartedAt.IsZero() {
		t.Errorf("its snapshot is %+v", got)
	}
	_, err := w.Snapshot(t.Context(), snapA.ID)
	wantIs(t, err, model.ErrNotFound)
}

func TestCreateJobsOtherKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prune := model.Job{Kind: model.JobPrune, Trigger: model.TriggerManual, DestinationID: w.destination.ID}
	w.queue(prune)
	_, err := w.CreateJobs(t.Context(), []model.Job{prune}, nil)
	wantIs(t, err, model.ErrConflict)
	forget := model.Job{Kind: model.JobForget, Trigger: model.TriggerManual, ConfigurationID: w.configuration.ID, DestinationID: w.destination.ID}
	one := forget
	one.SnapshotID = model.NewID()
	if n := len(w.queue(forget, one)); n != 2 {
		t.Errorf("%d of two different forgets were queued", n)
	}
	restore := model.Job{Kind: model.JobRestore, DestinationID: w.destination.ID, SnapshotID: model.NewID(), Restore: &model.Restore{TargetPath: "/x"}}
	if n := len(w.queue(restore, restore)); n != 2 {
		t.Errorf("%d of two restores were queued", n)
	}
}

func TestJobProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.queueBackup(w.configuration, w.destination)
	wantIs(t, w.SetJobProcess(t.Context(), j.ID, 7, 8, "boot", "host"), model.ErrNotFound)
	must[model.Job](t)(w.ClaimJob(t.Context(), Limits{}))
	check(t, w.SetJobProcess(t.Context(), j.ID, 7, 8, "boot", "host"))
	running := must[[]model.Job](t)(w.RunningJobs(t.Context()))
	if len(running) != 1 || running[0].PID != 7 || running[0].PIDStart != 8 || running[0].BootID != "boot" || running[0].PIDHost != "host" {
		t.Errorf("running jobs are %+v", running)
	}
}

func TestCancelQueuedJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.queueBackup(w.configuration, w.destination)
	check(t, w.CancelQueuedJob(t.Context(), j.ID))
	if got := must[model.Snapshot](t)(w.Snapshot(t.Context(), j.SnapshotID)); got.Status != model.SnapshotFailed || got.ErrorMessage == "" {
		t.Errorf("its snapshot is %+v", got)
	}
	wantIs(t, w.CancelQueuedJob(t.Context(), j.ID), model.ErrConflict)
	w.queueBackup(w.configuration, w.destination)
	j = must[model.Job](t)(w.ClaimJob(t.Context(), Limits{}))
	wantIs(t, w.CancelQueuedJob(t.Context(), j.ID), model.ErrConflict)
	_, good := w.runRestore(j)
	if good != model.SnapshotInProgress {
		t.Errorf("a cancelled restore changed its snapshot to %s", good)
	}
}

// runRestore queues and cancels a restore of the snapshot of j and returns that snapshot's status.
func (w *world) runRestore(j model.Job) (model.Job, model.SnapshotStatus) {
	w.t.Helper()
	r := w.queue(model.Job{Kind: model.JobRestore, DestinationID: j.DestinationID, SnapshotID: j.SnapshotID})[0]
	must[model.Job](w.t)(w.ClaimJob(w.t.Context(), Limits{}))
	check(w.t, w.FinishJob(w.t.Context(), r.ID, Outcome{State: model.JobFailed, Cause: model.CauseTarget, Message: "no room"}))
	return r, must[model.Snapshot](w.t)(w.Snapshot(w.t.Context(), j.SnapshotID)).Status
}

// TestTellingJobs leaves out the upkeep that went well, and nothing else.
func TestTellingJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := map[uuid.UUID]string{}
	for _, state := range []model.JobState{model.JobSuccess, model.JobFailed} {
		j, _ := w.runBackup(w.configuration, w.destination, state)
		name[j.ID] = "backup " + string(state)
		check := w.queue(model.Job{Kind: model.JobCheck, DestinationID: w.destination.ID})[0]
		name[must[model.Job](t)(w.ClaimJob(t.Context(), Limits{})).ID] = "check " + string(state)
		if err := w.FinishJob(t.Context(), check.ID, Outcome{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	name[w.queue(model.Job{Kind: model.JobPrune, DestinationID: w.destination.ID})[0].ID] = "prune queued"
	for _, tc := range []struct {
		name   string
		filter model.JobFilter
		want   string
	}{
		{"all", model.JobFilter{}, "[prune queued check failed backup failed check success backup success]"},
		{"telling", model.JobFilter{Telling: true}, "[prune queued check failed backup failed backup success]"},
		{"a page of it", model.JobFilter{Telling: true, Page: model.Page{Limit: 2}}, "[prune queued check failed]"},
		{"a state of it", model.JobFilter{Telling: true, States: []model.JobState{model.JobSuccess}}, "[backup success]"},
		{"those of a destination", model.JobFilter{Telling: true, DestinationID: w.destination.ID}, "[prune queued check failed backup failed backup success]"},
		{"no weight beside a kind", model.JobFilter{Telling: true, Kinds: []model.JobKind{model.JobCheck}}, "[check failed check success]"},
	} {
		var got []string
		for _, j := range must[[]model.Job](t)(w.Jobs(t.Context(), tc.filter)) {
			got = append(got, name[j.ID])
		}
		if fmt.Sprint(got) != tc.want {
			t.Errorf("%s: %v, want %s", tc.name, got, tc.want)
		}
	}
}

func TestJobsList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.newDestination("second")
	other := must[model.Configuration](t)(w.AutomaticConfiguration(t.Context(), w.newApp("music").ID))
	var want []uuid.UUID
	for i := range 6 {
		state := []model.JobState{model.JobSuccess, model.JobFailed, model.JobPartial}[i%3]
		conf, place := w.configuration, w.destination
		if i >= 3 {
			conf, place = other, second
		}
		j, _ := w.runBackup(conf, place, state)
		want = append([]uuid.UUID{j.ID}, want...)
	}
	prune := w.queue(model.Job{Kind: model.JobPrune, DestinationID: second.ID})[0]
	want = append([]uuid.UUID{prune.ID}, want...) // newest first: prune, then backups 5 4 3 2 1 0
	for _, tc := range []struct {
		name   string
		filter model.JobFilter
		want   []int
	}{
		{"all", model.JobFilter{}, []int{0, 1, 2, 3, 4, 5, 6}},
		{"a page", model.JobFilter{Page: model.Page{Limit: 2}}, []int{0, 1}},
		{"the next page", model.JobFilter{Page: model.Page{Limit: 2, Cursor: want[1]}}, []int{2, 3}},
		{"kind", model.JobFilter{Kinds: []model.JobKind{model.JobPrune}}, []int{0}},
		{"kinds", model.JobFilter{Kinds: []model.JobKind{model.JobPrune, model.JobBackup}}, []int{0, 1, 2, 3, 4, 5, 6}},
		{"state", model.JobFilter{States: []model.JobState{model.JobFailed}}, []int{2, 5}},
		{"states", model.JobFilter{States: []model.JobState{model.JobQueued, model.JobFailed, model.JobFailed}}, []int{0, 2, 5}},
		{"states, a page", model.JobFilter{States: []model.JobState{model.JobSuccess, model.JobFailed}, Page: model.Page{Limit: 2, Cursor: want[2]}}, []int{3, 5}},
		{"kind and states", model.JobFilter{Kinds: []model.JobKind{model.JobBackup}, States: []model.JobState{model.JobQueued, model.JobPartial}}, []int{1, 4}},
		{"kinds and state", model.JobFilter{Kinds: []model.JobKind{model.JobBackup, model.JobPrune}, States: []model.JobState{model.JobQueued}}, []int{0}},
		{"app, destination and state", model.JobFilter{AppID: w.app.ID, DestinationID: w.destination.ID, States: []model.JobState{model.JobFailed}}, []int{5}},
		{"app", model.JobFilter{AppID: w.app.ID}, []int{4, 5, 6}},
		{"app elsewhere", model.JobFilter{AppID: w.app.ID, DestinationID: second.ID}, []int{}},
		{"configuration", model.JobFilter{ConfigurationID: other.ID}, []int{1, 2, 3}},
		{"destination", model.JobFilter{DestinationID: second.ID}, []int{0, 1, 2, 3}},
		{"snapshot", model.JobFilter{SnapshotID: must[model.Job](t)(w.Job(t.Context(), want[3])).SnapshotID}, []int{3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := w.Jobs(t.Context(), tc.filter)
			check(t, err)
			var ids []string
			for _, j := range got {
				ids = append(ids, j.ID.String())
			}
			var expect []string
			for _, i := range tc.want {
				expect = append(expect, want[i].String())
			}
			if fmt.Sprint(ids) != fmt.Sprint(expect) {
				t.Errorf("got\n%v, want\n%v", ids, expect)
			}
		})
	}
}

func TestDeleteOldJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	failed, _ := w.runBackup(w.configuration, w.destination, model.JobFailed)
	good, goodSnap := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	last, _ := w.runBackup(w.configuration, w.destination, model.JobFailed)
	check1 := w.queue(model.Job{Kind: model.JobCheck, DestinationID: w.destination.ID})[0]
	must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
	check(t, w.FinishJob(ctx, check1.ID, Outcome{State: model.JobSuccess}))
	open := w.queueBackup(w.configuration, w.destination)

	if gone := must[[]uuid.UUID](t)(w.DeleteOldJobs(ctx, now().Add(-time.Hour))); len(gone) != 0 {
		t.Errorf("%d young jobs were deleted", len(gone))
	}
	gone := must[[]uuid.UUID](t)(w.DeleteOldJobs(ctx, now().Add(time.Hour)))
	if fmt.Sprint(gone) != fmt.Sprint([]uuid.UUID{failed.ID, good.ID, check1.ID}) {
		t.Errorf("deleted %v", gone)
	}
	must[model.Job](t)(w.Job(ctx, last.ID))
	must[model.Job](t)(w.Job(ctx, open.ID))
	must[model.Snapshot](t)(w.Snapshot(ctx, goodSnap.ID))
	_, err := w.Snapshot(ctx, failed.SnapshotID)
	wantIs(t, err, model.ErrNotFound)
}
