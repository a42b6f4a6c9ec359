package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// running queues and claims a backup of the world's configuration.
func (w *world) running() (model.Job, model.Snapshot) {
	w.t.Helper()
	w.queueBackup(w.configuration, w.destination)
	j := must[model.Job](w.t)(w.ClaimJob(w.t.Context(), Limits{}))
	return j, must[model.Snapshot](w.t)(w.Snapshot(w.t.Context(), j.SnapshotID))
}

func (w *world) place() model.Destination {
	w.t.Helper()
	return must[model.Destination](w.t)(w.Destination(w.t.Context(), w.destination.ID))
}

func TestFinishBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	j, snap := w.running()
	snap = finished(snap, model.SnapshotPartial)
	snap.FailedFiles, snap.FailedCount = []model.FailedFile{{Path: "/srv/\xff\x00"}, {Path: "/srv/key", Reason: "permission denied"}}, 2
	snap.ErrorMessage = "nul \x00 inside"
	check(t, w.FinishJob(ctx, j.ID, Outcome{
		State: model.JobPartial, Cause: model.CauseUnreadable, Message: "1 file \x00\xff", Mend: "chmod",
		Result: &model.Result{Files: 3, Bytes: 5000, Errors: 1}, Snapshot: &snap, Freeze: "it shrank",
	}, model.Job{Kind: model.JobForget, ConfigurationID: j.ConfigurationID, DestinationID: j.DestinationID}))

	got := must[model.Job](t)(w.Job(ctx, j.ID))
	if got.State != model.JobPartial || got.Cause != model.CauseUnreadable || got.Message != "1 file \uFFFD\uFFFD" ||
		got.Mend != "chmod" || got.FinishedAt == nil || got.Result == nil || got.Result.Bytes != 5000 {
		t.Errorf("job is %+v", got)
	}
	saved := must[model.Snapshot](t)(w.Snapshot(ctx, snap.ID))
	if saved.Status != model.SnapshotPartial || saved.CompletedAt == nil || saved.ResticSnapshotID != snap.ResticSnapshotID || len(saved.FailedFiles) != 2 || saved.FailedFiles[1] != (model.FailedFile{Path: "/srv/key", Reason: "permission denied"}) {
		t.Errorf("snapshot is %+v", saved)
	}
	d := w.place()
	if d.TotalSnapshots != 1 || d.TotalSize != 1000 || d.LastBackupAt == nil || d.LastError != "" {
		t.Errorf("destination is %+v", d)
	}
	if c := must[model.Configuration](t)(w.Configuration(ctx, j.ConfigurationID)); c.FrozenAt == nil || c.FrozenReason != "it shrank" {
		t.Errorf("configuration is %+v", c)
	}
	queued := must[[]model.Job](t)(w.Jobs(ctx, model.JobFilter{States: []model.JobState{model.JobQueued}}))
	if len(queued) != 1 || queued[0].Kind != model.JobForget || queued[0].Trigger != model.TriggerFollowUp {
		t.Errorf("follow-ups are %+v", queued)
	}
	wantIs(t, w.FinishJob(ctx, j.ID, Outcome{State: model.JobFailed}), model.ErrConflict)
}

func TestFinishIsOneTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	j, snap := w.running()
	done := finished(snap, model.SnapshotSuccess)
	// The last step fails: a follow-up at a destination that is not there.
	err := w.FinishJob(ctx, j.ID, Outcome{State: model.JobSuccess, Snapshot: &done, Freeze: "why"},
		model.Job{Kind: model.JobPrune, DestinationID: none})
	if err == nil {
		t.Fatal("a follow-up to nowhere was accepted")
	}
	if got := must[model.Job](t)(w.Job(ctx, j.ID)); got.State != model.JobRunning || got.FinishedAt != nil {
		t.Errorf("job is %s", got.State)
	}
	if got := must[model.Snapshot](t)(w.Snapshot(ctx, snap.ID)); got.Status != model.SnapshotInProgress {
		t.Errorf("snapshot is %s", got.Status)
	}
	if d := w.place(); d.TotalSnapshots != 0 || d.TotalSize != 0 || d.LastBackupAt != nil {
		t.Errorf("destination is %+v", d)
	}
	if c := must[model.Configuration](t)(w.Configuration(ctx, j.ConfigurationID)); c.FrozenAt != nil {
		t.Error("the configuration is frozen")
	}
	if err := w.FinishJob(ctx, j.ID, Outcome{State: model.JobQueued}); err == nil {
		t.Error("a job ended with a state that is not final")
	}
	check(t, w.FinishJob(ctx, j.ID, Outcome{State: model.JobSuccess, Snapshot: &done}))
}

func TestFinishWithoutASnapshotClosesIt(t *testing.T) {
	t.Parallel()
	for _, state := range []model.JobState{model.JobFailed, model.JobCancelled, model.JobInterrupted} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			j, snap := w.running()
			check(t, w.FinishJob(t.Context(), j.ID, Outcome{State: state, Message: "the cable"}))
			got := must[model.Snapshot](t)(w.Snapshot(t.Context(), snap.ID))
			if got.Status != model.SnapshotFailed || got.ErrorMessage != "the cable" || got.CompletedAt == nil {
				t.Errorf("snapshot is %+v", got)
			}
			if d := w.place(); d.TotalSnapshots != 0 || d.LastBackupAt != nil {
				t.Errorf("destination is %+v", d)
			}
		})
	}
}

func TestLastError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		state model.JobState
		cause model.Cause
		want  string
	}{
		{"unreachable", model.JobFailed, model.CauseUnreachable, "told"},
		{"no cause", model.JobFailed, "", "told"},
		{"the source is missing", model.JobFailed, model.CauseSourceMissing, "before"},
		{"cancelled", model.JobCancelled, model.CauseCancelled, "before"},
		{"interrupted", model.JobInterrupted, model.CauseInterrupted, "before"},
		{"partial", model.JobPartial, model.CauseUnreadable, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			j, _ := w.running()
			check(t, w.FinishJob(t.Context(), j.ID, Outcome{State: model.JobFailed, Cause: model.CauseLocked, Message: "before"}))
			j, snap := w.running()
			o := Outcome{State: tc.state, Cause: tc.cause, Message: "told"}
			if tc.state == model.JobPartial {
				snap = finished(snap, model.SnapshotPartial)
				o.Snapshot = &snap
			}
			check(t, w.FinishJob(t.Context(), j.ID, o))
			if got := w.place().LastError; got != tc.want {
				t.Errorf("last error is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestFinishForgetAndSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, a := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	_, b := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	forget := w.queue(model.Job{Kind: model.JobForget, ConfigurationID: w.configuration.ID, DestinationID: w.destination.ID})[0]
	must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
	size, at := int64(77), now()
	prune := model.Job{Kind: model.JobPrune, DestinationID: w.destination.ID}
	check(t, w.FinishJob(ctx, forget.ID, Outcome{
		State: model.JobSuccess, Removed: []uuid.UUID{a.ID, none}, Destination: DestinationStats{TotalSize: &size, LastPruneAt: &at},
	}, prune, prune))
	d := w.place()
	if d.TotalSnapshots != 1 || d.TotalSize != 77 || d.LastPruneAt == nil || !d.LastPruneAt.Equal(at) || d.LastCheckAt != nil {
		t.Errorf("destination is %+v", d)
	}
	queued := must[[]model.Job](t)(w.Jobs(ctx, model.JobFilter{Kinds: []model.JobKind{model.JobPrune}}))
	if len(queued) != 1 {
		t.Errorf("%d prunes are queued, want one", len(queued))
	}
	must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
	check(t, w.FinishJob(ctx, queued[0].ID, Outcome{State: model.JobSuccess}))

	sync := w.queue(model.Job{Kind: model.JobSync, Trigger: model.TriggerRecovery, DestinationID: w.destination.ID})[0]
	must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
	old := model.Snapshot{
		ConfigurationID: model.NewID(), AppID: model.NewID(), DestinationID: w.destination.ID, ResticSnapshotID: strings.Repeat("ab", 32),
		Status: model.SnapshotSuccess, StartedAt: now().AddDate(-1, 0, 0),
	}
	known := b
	known.ID = model.NewID()
	check(t, w.FinishJob(ctx, sync.ID, Outcome{
		State: model.JobSuccess, Imported: []model.Snapshot{old, known, old},
	}))
	if d := w.place(); d.TotalSnapshots != 2 {
		t.Errorf("%d snapshots after the sync, want 2", d.TotalSnapshots)
	}
	byRestic := must[map[string]uuid.UUID](t)(w.SnapshotsByRestic(ctx, w.destination.ID))
	if len(byRestic) != 2 || byRestic[b.ResticSnapshotID] != b.ID {
		t.Errorf("snapshots by restic's ids are %v", byRestic)
	}
}

// A sync that runs while a backup ends may take the backup's snapshot over first.
func TestBackupWinsOverItsImportedTwin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j, snap := w.running()
	snap = finished(snap, model.SnapshotSuccess)
	twin := snap
	twin.ID = model.NewID()
	if n := must[int](t)(w.CreateSnapshots(t.Context(), []model.Snapshot{twin})); n != 1 {
		t.Fatalf("%d imported", n)
	}
	check(t, w.FinishJob(t.Context(), j.ID, Outcome{State: model.JobSuccess, Snapshot: &snap}))
	_, err := w.Snapshot(t.Context(), twin.ID)
	wantIs(t, err, model.ErrNotFound)
	must[model.Snapshot](t)(w.Snapshot(t.Context(), snap.ID))
	if d := w.place(); d.TotalSnapshots != 1 {
		t.Errorf("%d snapshots are counted", d.TotalSnapshots)
	}
}

// A job must be able to end whatever has been removed meanwhile.
func TestFinishAfterItsConfigurationIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j, snap := w.running()
	check(t, w.ForgetApp(t.Context(), w.app.ID))
	snap = finished(snap, model.SnapshotSuccess)
	check(t, w.FinishJob(t.Context(), j.ID, Outcome{State: model.JobSuccess, Snapshot: &snap, Freeze: "why"}))
	must[model.Snapshot](t)(w.Snapshot(t.Context(), snap.ID))
}

func TestDeleteSnapshots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, a := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	check(t, w.DeleteSnapshots(t.Context(), nil))
	check(t, w.DeleteSnapshots(t.Context(), []uuid.UUID{a.ID}))
	if d := w.place(); d.TotalSnapshots != 0 {
		t.Errorf("%d snapshots are counted", d.TotalSnapshots)
	}
}

func TestSnapshotsList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	second := w.newDestination("second")
	conf := model.NewID()
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var rows []model.Snapshot // in the order of the list: newest first
	for i := range 6 {
		rows = append(rows, model.Snapshot{
			ID: model.NewID(), ConfigurationID: conf, AppID: w.app.ID, DestinationID: w.destination.ID, Status: model.SnapshotSuccess,
			ResticSnapshotID: uuid.NewString(), StartedAt: base.AddDate(0, 0, -i), // ids grow while times fall, as with imports
		})
	}
	rows[1].StartedAt = rows[2].StartedAt // the same moment: the later id comes first
	rows[1], rows[2] = rows[2], rows[1]
	rows[3].Status, rows[3].DestinationID = model.SnapshotPartial, second.ID
	rows[5].AppID, rows[5].ConfigurationID = model.NewID(), model.NewID()
	must[int](t)(w.CreateSnapshots(ctx, rows))
	for _, tc := range []struct {
		name   string
		filter model.SnapshotFilter
		want   []int
	}{
		{"all", model.SnapshotFilter{}, []int{0, 1, 2, 3, 4, 5}},
		{"a page", model.SnapshotFilter{Page: model.Page{Limit: 2}}, []int{0, 1}},
		{"the next page", model.SnapshotFilter{Page: model.Page{Limit: 2, Cursor: rows[1].ID}}, []int{2, 3}},
		{"after the last", model.SnapshotFilter{Page: model.Page{Cursor: rows[5].ID}}, nil},
		{"app", model.SnapshotFilter{AppID: w.app.ID}, []int{0, 1, 2, 3, 4}},
		{"device", model.SnapshotFilter{DeviceID: w.app.DeviceID}, []int{0, 1, 2, 3, 4}},
		{"device and destination", model.SnapshotFilter{DeviceID: w.app.DeviceID, DestinationID: second.ID}, []int{3}},
		{"another device", model.SnapshotFilter{DeviceID: model.NewID()}, nil},
		{"app and destination", model.SnapshotFilter{AppID: w.app.ID, DestinationID: second.ID}, []int{3}},
		{"configuration", model.SnapshotFilter{ConfigurationID: conf, AppID: w.app.ID}, []int{0, 1, 2, 3, 4}},
		{"destination", model.SnapshotFilter{DestinationID: w.destination.ID}, []int{0, 1, 2, 4, 5}},
		{"destination and status", model.SnapshotFilter{DestinationID: second.ID, Status: model.SnapshotSuccess}, nil},
		{"status", model.SnapshotFilter{Status: model.SnapshotPartial}, []int{3}},
		{"from, inclusive", model.SnapshotFilter{From: rows[1].StartedAt}, []int{0, 1, 2}},
		{"to, exclusive", model.SnapshotFilter{To: rows[1].StartedAt}, []int{3, 4, 5}},
		{"from and to", model.SnapshotFilter{From: rows[4].StartedAt, To: rows[0].StartedAt}, []int{1, 2, 3, 4}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := must[[]model.Snapshot](t)(w.Snapshots(ctx, tc.filter))
			if len(got) != len(tc.want) {
				t.Fatalf("%d snapshots, want %d", len(got), len(tc.want))
			}
			for n, i := range tc.want {
				if got[n].ID != rows[i].ID {
					t.Errorf("place %d has %s of %s", n, got[n].ID, got[n].StartedAt)
				}
			}
			if tc.filter.Cursor == uuid.Nil && tc.filter.Limit == 0 {
				if n := must[int](t)(w.CountSnapshots(ctx, tc.filter)); n != len(tc.want) {
					t.Errorf("counted %d, want %d", n, len(tc.want))
				}
			}
		})
	}
	_, err := w.Snapshots(ctx, model.SnapshotFilter{Page: model.Page{Cursor: none}})
	wantField(t, err, "cursor")
	if got := must[model.Snapshot](t)(w.LastGoodSnapshot(ctx, conf, w.destination.ID)); got.ID != rows[0].ID {
		t.Errorf("the last good snapshot is of %s", got.StartedAt)
	}
	if _, err := w.LastGoodSnapshot(ctx, conf, second.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("a partial snapshot counts as good: %v", err)
	}
}
