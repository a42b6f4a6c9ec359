package store

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

func TestDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	wantIs(t, w.DeleteDevice(ctx, w.device.ID), model.ErrConflict)
	other := must[model.Device](t)(w.CreateDevice(ctx, model.Device{Name: "other", Kind: model.DeviceLocal, Hostname: "stable"}))
	other.Name, other.Hostname = "renamed", "changed"
	must[model.Device](t)(w.UpdateDevice(ctx, other))
	if got := must[model.Device](t)(w.Device(ctx, other.ID)); got.Name != "renamed" || got.Hostname != "stable" {
		t.Errorf("device is %+v", got)
	}
	app := must[model.App](t)(w.CreateApp(ctx, model.App{DeviceID: other.ID, Name: "there"}, nil))
	wantIs(t, w.DeleteDevice(ctx, other.ID), model.ErrConflict)
	check(t, w.ForgetApp(ctx, app.ID))
	check(t, w.DeleteDevice(ctx, other.ID))
	if got := must[model.App](t)(w.App(ctx, app.ID)); got.DeviceID != uuid.Nil {
		t.Errorf("the forgotten app still names device %s", got.DeviceID)
	}
	if n := len(must[[]model.Device](t)(w.Devices(ctx))); n != 1 {
		t.Errorf("%d devices are left", n)
	}
}

func TestForgetAndReviveApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	job := w.queueBackup(w.configuration, w.destination)
	check(t, w.ForgetApp(ctx, w.app.ID))
	if got := must[model.App](t)(w.App(ctx, w.app.ID)); got.ForgottenAt == nil {
		t.Error("the app is not forgotten")
	}
	if got := must[model.Job](t)(w.Job(ctx, job.ID)); got.State != model.JobCancelled || got.FinishedAt == nil {
		t.Errorf("its queued job is %s", got.State)
	}
	if got := must[model.Snapshot](t)(w.Snapshot(ctx, job.SnapshotID)); got.Status != model.SnapshotFailed {
		t.Errorf("the snapshot it would have made is %s", got.Status)
	}
	wantIs(t, w.ForgetApp(ctx, w.app.ID), model.ErrNotFound)
	_, err := w.UpdateApp(ctx, w.app)
	wantIs(t, err, model.ErrNotFound)
	if n := len(must[[]model.Configuration](t)(w.Configurations(ctx, ConfigurationFilter{AppID: w.app.ID}))); n != 0 {
		t.Errorf("%d configurations are left", n)
	}
	back := must[model.App](t)(w.CreateApp(ctx, w.app, &model.Configuration{PolicyID: w.policy.ID}))
	if back.ID != w.app.ID || back.ForgottenAt != nil {
		t.Errorf("revived as %+v", back)
	}
	must[model.Configuration](t)(w.AutomaticConfiguration(ctx, w.app.ID))
	_, err = w.CreateApp(ctx, w.app, nil)
	wantField(t, err, "id")
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	b, a := w.newDestination("b"), w.newDestination("a")
	p := must[model.Policy](t)(w.CreatePolicy(ctx, model.Policy{Name: "hourly", Schedule: "@hourly", DestinationIDs: []uuid.UUID{b.ID, a.ID}}))
	check(t, w.SetLastSlot(ctx, p.ID, now()))
	p.DestinationIDs = []uuid.UUID{a.ID, w.destination.ID, b.ID}
	p.LastSlotAt = nil
	must[model.Policy](t)(w.UpdatePolicy(ctx, p, time.Time{}))
	got := must[model.Policy](t)(w.Policy(ctx, p.ID))
	if !reflect.DeepEqual(got.DestinationIDs, p.DestinationIDs) {
		t.Errorf("destinations are %v, want %v", got.DestinationIDs, p.DestinationIDs)
	}
	if got.LastSlotAt == nil {
		t.Error("an edit lost the last slot")
	}
	wantIs(t, w.DeletePolicy(ctx, w.policy.ID), model.ErrConflict)

	c := must[model.Configuration](t)(w.CreateConfiguration(ctx, model.Configuration{AppID: w.app.ID, PolicyID: p.ID}))
	wantIs(t, w.DeletePolicy(ctx, p.ID), model.ErrConflict)
	check(t, w.DeleteConfiguration(ctx, c.ID))

	check(t, w.SetDefaultPolicy(ctx, p.ID))
	all := must[[]model.Policy](t)(w.Policies(ctx))
	if len(all) != 2 || all[0].ID != p.ID || !all[0].IsDefault || all[1].IsDefault {
		t.Errorf("policies are %+v", all)
	}
	w.policy.IsDefault = true
	must[model.Policy](t)(w.UpdatePolicy(ctx, w.policy, time.Time{}))
	if d := must[model.Policy](t)(w.DefaultPolicy(ctx)); d.ID != w.policy.ID {
		t.Error("the default did not move back")
	}
	w.policy.IsDefault = false
	must[model.Policy](t)(w.UpdatePolicy(ctx, w.policy, time.Time{}))
	must[model.Policy](t)(w.DefaultPolicy(ctx)) // there is always one
	third := must[model.Policy](t)(w.CreatePolicy(ctx, model.Policy{Name: "third", IsDefault: true}))
	if d := must[model.Policy](t)(w.DefaultPolicy(ctx)); d.ID != third.ID {
		t.Error("a new default policy is not the default")
	}
	check(t, w.DeletePolicy(ctx, p.ID))
}

func TestJoinDefaultPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.newDestination("second")
	if joined := must[bool](t)(w.JoinDefaultPolicy(t.Context(), second.ID)); joined {
		t.Error("the second destination joined by itself")
	}
	p := must[model.Policy](t)(w.DefaultPolicy(t.Context()))
	if len(p.DestinationIDs) != 1 || p.DestinationIDs[0] != w.destination.ID {
		t.Errorf("the default policy has %v", p.DestinationIDs)
	}
}

func TestConfigurations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	list := func(f ConfigurationFilter) int { return len(must[[]model.Configuration](t)(w.Configurations(ctx, f))) }
	if n := list(ConfigurationFilter{DestinationID: w.destination.ID}); n != 3 {
		t.Errorf("%d configurations reach the destination, want the app's and the system's two", n)
	}
	if n := list(ConfigurationFilter{AppID: w.app.ID, PolicyID: w.policy.ID}); n != 1 {
		t.Errorf("%d configurations of the app", n)
	}
	check(t, w.Freeze(ctx, w.configuration.ID, "the source shrank"))
	first := must[model.Configuration](t)(w.Configuration(ctx, w.configuration.ID))
	check(t, w.Freeze(ctx, w.configuration.ID, "and shrank again"))
	c := w.configuration
	c.Automatic, c.Enabled, c.Retention = false, false, nil
	must[model.Configuration](t)(w.UpdateConfiguration(ctx, c))
	got := must[model.Configuration](t)(w.Configuration(ctx, c.ID))
	if got.FrozenAt == nil || !got.FrozenAt.Equal(*first.FrozenAt) || got.FrozenReason != "and shrank again" {
		t.Errorf("frozen at %v for %q", got.FrozenAt, got.FrozenReason)
	}
	if got.Automatic || got.Enabled {
		t.Error("the edit was not written")
	}
	_, err := w.AutomaticConfiguration(ctx, w.app.ID)
	wantIs(t, err, model.ErrNotFound)
	check(t, w.Unfreeze(ctx, c.ID))
	if got := must[model.Configuration](t)(w.Configuration(ctx, c.ID)); got.FrozenAt != nil || got.FrozenReason != "" {
		t.Errorf("still frozen: %+v", got)
	}
	job := w.queueBackup(w.configuration, w.destination)
	check(t, w.DeleteConfiguration(ctx, c.ID))
	if got := must[model.Job](t)(w.Job(ctx, job.ID)); got.State != model.JobCancelled {
		t.Errorf("its queued job is %s", got.State)
	}
}

func TestRemoveDestination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.runBackup(w.configuration, w.destination, model.JobSuccess)
	running := w.queueBackup(w.configuration, w.destination)
	must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
	wantIs(t, w.RemoveDestination(ctx, w.destination.ID), model.ErrConflict)
	wantIs(t, w.DeleteDestination(ctx, w.destination.ID), model.ErrConflict)
	check(t, w.FinishJob(ctx, running.ID, Outcome{State: model.JobFailed, Message: "no"}))
	queued := w.queueBackup(w.configuration, w.destination)

	check(t, w.RemoveDestination(ctx, w.destination.ID))
	if got := must[model.Job](t)(w.Job(ctx, queued.ID)); got.State != model.JobCancelled {
		t.Errorf("the queued job is %s", got.State)
	}
	_, err := w.Destination(ctx, w.destination.ID)
	wantIs(t, err, model.ErrNotFound)
	_, err = w.UpdateDestination(ctx, w.destination)
	wantIs(t, err, model.ErrNotFound)
	gone := must[[]model.Destination](t)(w.RemovedDestinations(ctx))
	if len(gone) != 1 || gone[0].RemovedAt == nil || gone[0].Enabled || string(gone[0].RepoPassword) != string(w.destination.RepoPassword) {
		t.Errorf("removed destinations are %+v", gone)
	}
	if n := len(must[[]model.Snapshot](t)(w.Snapshots(ctx, model.SnapshotFilter{}))); n != 0 {
		t.Errorf("%d snapshots are left", n)
	}
	if p := must[model.Policy](t)(w.DefaultPolicy(ctx)); len(p.DestinationIDs) != 0 {
		t.Errorf("the policy still has %v", p.DestinationIDs)
	}
	check(t, w.DeleteDestination(ctx, w.destination.ID))
	if got := must[model.Job](t)(w.Job(ctx, queued.ID)); got.DestinationID != uuid.Nil {
		t.Error("a job points to a deleted destination")
	}
}

func TestUpdateDestinationKeepsTheFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stale := w.destination
	w.runBackup(w.configuration, w.destination, model.JobSuccess)
	stale.Name = "renamed"
	must[model.Destination](t)(w.UpdateDestination(t.Context(), stale))
	got := must[model.Destination](t)(w.Destination(t.Context(), stale.ID))
	if got.Name != "renamed" || got.TotalSnapshots != 1 || got.TotalSize == 0 || got.LastBackupAt == nil {
		t.Errorf("destination is %+v", got)
	}
}
