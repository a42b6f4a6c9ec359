package store

import (
	"testing"

	"keepstead/model"
)

// TestChangeAccess refuses what was read before the password or a rotation changed things, and leaves nothing half written.
func TestChangeAccess(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	d := must[model.Destination](t)(s.CreateDestination(ctx, model.Destination{Name: "Disk", Type: model.DestinationLocal, LocalPath: "/old", RepoPassword: model.Sealed("P0")}))
	other := d
	other.LocalPath, other.RepoPassword = "/new", model.Sealed("P2")
	fresh := func() model.Destination { t.Helper(); return must[model.Destination](t)(s.Destination(ctx, d.ID)) }

	stale := d
	stale.RepoPassword = model.Sealed("another")
	_, err := s.ChangeAccess(ctx, other, stale)
	wantIs(t, err, model.ErrConflict)
	if now := fresh(); now.LocalPath != "/old" || string(now.RepoPassword) != "P0" || now.AccessChangedAt != nil {
		t.Errorf("with a password of before: %+v", now)
	}
	jobs := must[[]model.Job](t)(s.CreateJobs(ctx, []model.Job{{Kind: model.JobRotate, Trigger: model.TriggerManual, DestinationID: d.ID}}, nil))
	_, err = s.ChangeAccess(ctx, other, d)
	wantIs(t, err, model.ErrConflict)
	if now := fresh(); now.LocalPath != "/old" {
		t.Errorf("in a rotation: %+v", now)
	}
	check(t, s.BeginRotation(ctx, d.ID, d.RepoPassword, model.Sealed("P1"), []string{"0b"}))
	at := now()
	wantIs(t, s.AdoptPassword(ctx, d.ID, model.Sealed("P1"), model.Sealed("P1 sealed"), &at), model.ErrConflict)
	check(t, s.AdoptPassword(ctx, d.ID, model.Sealed("P1"), model.Sealed("P1 sealed"), nil))
	adopted := fresh()
	if string(adopted.RepoPassword) != "P1 sealed" || adopted.AccessChangedAt == nil || len(jobs) != 1 {
		t.Errorf("after a rotation: %+v", adopted)
	}
	check(t, s.BeginRotation(ctx, d.ID, adopted.RepoPassword, model.Sealed("P3"), nil))
	check(t, s.CancelQueuedJob(ctx, jobs[0].ID))
	_, err = s.ChangeAccess(ctx, adopted, adopted)
	wantIs(t, err, model.ErrConflict)
	if now := fresh(); string(now.NextPassword) != "P3" {
		t.Errorf("what was read before a rotation began took its password away: %+v", now)
	}
	check(t, s.AdoptPassword(ctx, d.ID, model.Sealed("P3"), model.Sealed("P3 sealed"), adopted.AccessChangedAt))
}
