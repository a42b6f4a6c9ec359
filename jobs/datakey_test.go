package jobs

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"keepstead/device"
	"keepstead/model"
	"keepstead/secret"
)

// TestRotateDataKey seals everything anew while Keepstead runs: a rotation of a repository that was cut off before goes on
// after it, who read a row before still opens it, and the next start opens everything with the new key alone.
func TestRotateDataKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	d, old := h.fresh(d)
	private, public, err := device.GenerateKey("test")
	h.must(err)
	machine := model.Device{ID: model.NewID(), Name: "away", Kind: model.DeviceSSH, Address: "192.0.2.1", SSHUser: "root"}
	h.must(h.sealKey(&machine, string(private), public))
	_, err = h.Store.CreateDevice(t.Context(), machine)
	h.must(err)
	channel := h.channel("http://192.0.2.1/hook")
	r := h.beginRotation(d)
	for _, a := range r.acts()[:2] {
		_, err := a.do(t.Context())
		h.must(err)
	}
	stale, _ := h.fresh(d)

	h.sealing.RLock()
	if err := h.RotateDataKey(t.Context()); !errors.Is(err, model.ErrConflict) {
		t.Errorf("while something is saved: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := h.RotateDataKey(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone waits on: %v", err)
	}
	h.sealing.RUnlock()
	h.must(h.RotateDataKey(t.Context()))
	if password, err := h.RepositoryPassword(stale); err != nil || password != old {
		t.Errorf("what was read before does not open: %v", err)
	}
	keys, err := h.Store.DataKeys(t.Context())
	h.must(err)
	values, err := h.Store.SealedValues(t.Context())
	h.must(err)
	facts, err := h.OwnKeys(t.Context())
	h.must(err)
	if len(keys) != 1 || len(values) != 4 || facts != (model.OwnKeys{Master: "file", Made: keys[0].CreatedAt, Sealed: 4}) {
		t.Errorf("%d keys, %d sealed values, %+v", len(keys), len(values), facts)
	}
	for _, v := range values {
		if secret.KeyOf(v.Value) != keys[0].ID {
			t.Errorf("%s.%s is sealed by an old key", v.Table, v.Column)
		}
	}
	box, err := secret.Open(secret.File(filepath.Join(h.Dir, secret.FileName)), keys)
	h.must(err)
	h.Box = box
	for _, a := range r.acts()[2:4] {
		if _, err := a.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", a.title, err)
		}
	}
	if d, now := h.fresh(d); now == old || !h.opensWith(d, now) {
		t.Error("the rotation of the repository did not go on")
	}
	h.crash(r.run)
	machine, err = h.Store.Device(t.Context(), machine.ID)
	h.must(err)
	if key, err := box.Open(machine.SSHKey, secret.Label(deviceTable, deviceKey, machine.ID)); err != nil || key != string(private) {
		t.Errorf("the device's key does not open: %v", err)
	}
	channel, err = h.Store.Channel(t.Context(), channel.ID)
	h.must(err)
	if kept, err := h.openChannel(channel); err != nil || kept.URL != "http://192.0.2.1/hook" {
		t.Errorf("the channel's secrets do not open: %v", err)
	}
}

// TestDataKeyThatWasTakenUnheard: an error of the last word to the database says nothing of which key it has.
func TestDataKeyThatWasTakenUnheard(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	broken := errors.New("broken")
	key, next, err := h.Box.Next()
	h.must(err)
	if err := h.settleDataKey(t.Context(), key, next, broken); !errors.Is(err, broken) {
		t.Errorf("a key that the database has not got: %v", err)
	}
	_, err = h.Store.CreateDataKey(t.Context(), key)
	h.must(err)
	h.must(h.settleDataKey(t.Context(), key, next, broken))
	if sealed, err := h.Box.Seal("x", "l"); err != nil || secret.KeyOf(sealed) != key.ID {
		t.Errorf("the key that the database has does not seal: %v", err)
	}
}
