package jobs

import (
	"testing"

	"keepstead/model"
)

// A snapshot is taken over for the device that it came from, so that another machine's project of the same name stays
// another app.
func TestDeviceOfASnapshot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	local, err := h.Store.LocalDevice(t.Context())
	h.must(err)
	d, err := h.Store.CreateDevice(t.Context(), model.Device{
		ID: model.NewID(), Name: "NAS", Kind: model.DeviceSSH, Hostname: "keepstead-00000000", Address: "nas.lan", SSHUser: "root",
	})
	h.must(err)
	for hostname, want := range map[string]model.Device{local.Hostname: local, d.Hostname: d, "somebody-else": local} {
		if got, err := h.deviceNamed(t.Context(), hostname); err != nil || got.ID != want.ID {
			t.Errorf("snapshots of %q are of %q, want %q, %v", hostname, got.Name, want.Name, err)
		}
	}
}
