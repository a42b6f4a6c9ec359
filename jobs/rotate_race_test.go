package jobs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"keepstead/model"
	"keepstead/store"
)

// TestPlaceIsNotChangedInARotation: the repository that is about to learn the new password is the one at the old place.
func TestPlaceIsNotChangedInARotation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	copied := filepath.Join(t.TempDir(), "copy")
	h.must(os.CopyFS(copied, os.DirFS(d.LocalPath)))
	r := h.beginRotation(d)
	for _, a := range r.acts()[:3] {
		_, err := a.do(t.Context())
		h.must(err)
	}
	there := d
	there.LocalPath = copied
	if _, err := h.ChangeDestination(t.Context(), there, model.DestinationSecrets{}); !errors.Is(err, model.ErrConflict) {
		t.Errorf("change the place in a rotation: %v", err)
	}
	if d, _ := h.fresh(d); d.LocalPath == copied {
		t.Error("the place was changed in a rotation")
	}
	later := h.now()
	r.accessed = &later // as if the place had changed all the same
	if _, err := r.acts()[3].do(t.Context()); !errors.Is(err, model.ErrConflict) {
		t.Errorf("use a password that another place has learnt: %v", err)
	}
	h.crash(r.run)
}

// TestRotationIsCalledOff: where its key never came into the repository, who gives the password that opens it ends it; where
// it did, the rotation has to be completed.
func TestRotationIsCalledOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	d, old := h.fresh(d)
	const own = "by hand, without Keepstead"
	id, err := h.AddKey(t.Context(), d.ID, model.OwnKey{Name: "Anna", Password: own})
	h.must(err)
	cutOff := func(steps int) {
		t.Helper()
		r := h.beginRotation(d)
		for _, a := range r.acts()[:steps] {
			_, err := a.do(t.Context())
			h.must(err)
		}
		h.crash(r.run)
		h.must(h.Store.FinishJob(t.Context(), r.job.ID, store.Outcome{State: model.JobFailed, Cause: model.CauseDenied}))
	}
	cutOff(1)
	h.must(h.RemoveKey(t.Context(), d.ID, id))
	d, err = h.ChangeDestination(t.Context(), d, model.DestinationSecrets{RepoPassword: old})
	h.must(err)
	d, now := h.fresh(d)
	if now != old || d.Rotating() || len(d.ReplacedKeys) > 0 {
		t.Errorf("after it was called off: %+v", d)
	}
	cutOff(2)
	if _, err := h.ChangeDestination(t.Context(), d, model.DestinationSecrets{RepoPassword: old}); !errors.Is(err, model.ErrConflict) {
		t.Errorf("call off what the repository knows: %v", err)
	}
	if d, _ := h.fresh(d); !d.Rotating() {
		t.Error("a password that opens the repository was forgotten")
	}
}
