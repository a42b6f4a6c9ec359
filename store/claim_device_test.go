package store

import (
	"testing"

	"keepstead/model"
)

// TestClaimKeepsToTheLimitOfADevice has three backups wait for one machine: no more begin there than it may have, those
// of other machines and restores are not held up, and its own number counts before the general one.
func TestClaimKeepsToTheLimitOfADevice(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		kind     model.DeviceKind
		parallel int
		limit    int
		want     int
	}{
		{"the general limit", model.DeviceSSH, 0, 2, 2},
		{"its own", model.DeviceSSH, 1, 2, 1},
		{"its own, larger", model.DeviceSSH, 3, 2, 3},
		{"this machine has none", model.DeviceLocal, 0, 2, 3},
		{"no limit", model.DeviceSSH, 0, 0, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d, err := w.CreateDevice(t.Context(), model.Device{Name: "busy", Kind: tc.kind, Parallel: tc.parallel})
			check(t, err)
			of := func(kind model.JobKind, device model.Device) model.Job {
				return model.Job{Kind: kind, Trigger: model.TriggerManual, ConfigurationID: model.NewID(), DestinationID: w.destination.ID, DeviceID: device.ID}
			}
			w.queue(of(model.JobBackup, d), of(model.JobBackup, d), of(model.JobBackup, d), of(model.JobBackup, w.device), of(model.JobRestore, d))
			busy, others := 0, 0
			for {
				job, err := w.ClaimJob(t.Context(), Limits{PerDevice: tc.limit})
				if err != nil {
					wantIs(t, err, model.ErrNotFound)
					break
				}
				if job.Kind == model.JobBackup && job.DeviceID == d.ID {
					busy++
				} else {
					others++
				}
			}
			if busy != tc.want || others != 2 {
				t.Errorf("%d of its backups and %d other jobs began, want %d and 2", busy, others, tc.want)
			}
		})
	}
}
