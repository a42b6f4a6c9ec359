package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// TestDeviceContact records what contacts found out: a device keeps what a later contact does not say, and what a
// person set stays.
func TestDeviceContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	d := must[model.Device](t)(w.CreateDevice(ctx, model.Device{
		Name: "nas", Kind: model.DeviceSSH, Address: "nas.lan", SSHUser: "root", Sudo: true, Parallel: 3, SSHKey: model.Sealed{1, 0, 255}, HostKey: "ssh-ed25519 AAAA",
	}))
	at := now()
	facts := &model.DeviceFacts{System: "Debian", Mounts: []model.DeviceMount{{Path: "/", Type: "ext4", Total: 9, Free: 4}}, SeenAt: at}
	good := DeviceContact{State: model.DeviceReady, SeenAt: &at, OS: "linux", Arch: "arm64", ResticVersion: "0.19.1", Facts: facts}
	if !must[bool](t)(w.SetDeviceContact(ctx, d.ID, good)) {
		t.Error("the first contact changes nothing")
	}
	want := d
	want.State, want.LastSeenAt, want.OS, want.Arch, want.ResticVersion, want.Facts = model.DeviceReady, &at, "linux", "arm64", "0.19.1", facts
	wantSame(t, want, must[model.Device](t)(w.Device(ctx, d.ID)))

	bad := DeviceContact{State: model.DeviceUnreachable, Message: "It is off.\x00", Mend: "Switch it on."}
	if !must[bool](t)(w.SetDeviceContact(ctx, d.ID, bad)) {
		t.Error("a lost device changes nothing")
	}
	want.State, want.Message, want.Mend = model.DeviceUnreachable, "It is off.\uFFFD", "Switch it on."
	wantSame(t, want, must[model.Device](t)(w.Device(ctx, d.ID)))
	later := at.Add(time.Minute)
	again := DeviceContact{State: model.DeviceUnreachable, Message: want.Message, Mend: want.Mend, SeenAt: &later}
	if must[bool](t)(w.SetDeviceContact(ctx, d.ID, again)) {
		t.Error("the same contact once more is told as a change")
	}
	if _, err := w.SetDeviceContact(ctx, model.NewID(), good); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("a contact with no device: %v", err)
	}
}

// TestDeviceBehindAnother keeps a device that another one is reached through.
func TestDeviceBehindAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	gate := must[model.Device](t)(w.CreateDevice(ctx, model.Device{Name: "gate", Kind: model.DeviceSSH}))
	behind := must[model.Device](t)(w.CreateDevice(ctx, model.Device{Name: "behind", Kind: model.DeviceSSH, JumpDeviceID: gate.ID}))
	if err := w.DeleteDevice(ctx, gate.ID); !errors.Is(err, model.ErrConflict) {
		t.Errorf("the jump host of a device: %v", err)
	}
	behind.JumpDeviceID = model.NewID()
	if _, err := w.UpdateDevice(ctx, behind); len(model.Refused(err)) != 1 || model.Refused(err)[0].Field != "jump_device_id" {
		t.Errorf("a jump host that is not there: %v", err)
	}
	behind.JumpDeviceID = uuid.Nil
	must[model.Device](t)(w.UpdateDevice(ctx, behind))
	check(t, w.DeleteDevice(ctx, gate.ID))
}

// TestTamperStays records a tamper test, which no change of the destination undoes.
func TestTamperStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	at := now()
	check(t, w.SetDestinationStats(ctx, w.destination.ID, DestinationStats{Tamper: &Tamper{At: at, Result: model.TamperBroken, Detail: "A pack was overwritten."}}))
	must[model.Destination](t)(w.UpdateDestination(ctx, w.destination))
	check(t, w.SetDestinationStats(ctx, w.destination.ID, DestinationStats{LastCheckAt: &at}))
	d := must[model.Destination](t)(w.Destination(ctx, w.destination.ID))
	if d.TamperResult != model.TamperBroken || d.TamperedAt == nil || !d.TamperedAt.Equal(at) || d.TamperDetail != "A pack was overwritten." {
		t.Errorf("the tamper test became %s %v %q", d.TamperResult, d.TamperedAt, d.TamperDetail)
	}
}

// TestDeviceAtWork keeps a device while a job is for it, and leaves nothing to be put back on one that is gone.
func TestDeviceAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	d := must[model.Device](t)(w.CreateDevice(ctx, model.Device{Name: "away", Kind: model.DeviceSSH}))
	job, _ := w.running()
	_, err := w.w.NewUpdate().Model((*model.Job)(nil)).Set("device_id = ?", d.ID).Where("id = ?", job.ID).Exec(ctx)
	check(t, err)
	if err := w.DeleteDevice(ctx, d.ID); !errors.Is(err, model.ErrConflict) {
		t.Errorf("a device on which a job runs: %v", err)
	}
	check(t, w.FinishJob(ctx, job.ID, Outcome{State: model.JobFailed}))
	must[model.Undo](t)(w.CreateUndo(ctx, model.Undo{ID: model.NewID(), JobID: job.ID, DeviceID: d.ID, Action: model.UndoStart, Target: "db", Name: "db", CreatedAt: now()}))
	check(t, w.DeleteDevice(ctx, d.ID))
	if left := must[[]model.Undo](t)(w.Undos(ctx, uuid.Nil)); len(left) != 0 {
		t.Errorf("still to be put back on a device that is gone: %+v", left)
	}
}
