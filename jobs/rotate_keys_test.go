package jobs

import (
	"testing"

	"keepstead/model"
)

// TestRotationOfTwoKeysWithOnePassword: a repository that was adopted may have several, and all of them go.
func TestRotationOfTwoKeysWithOnePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	_, old := h.fresh(d)
	o, err := h.openHere(t.Context(), d)
	h.must(err)
	defer h.endQuick(o)
	_, err = o.repo.AddKey(t.Context(), old, "again", "elsewhere")
	h.must(err)
	h.start()
	job, err := h.Maintain(t.Context(), d.ID, model.JobRotate)
	h.must(err)
	h.expect(h.wait(job.ID), model.JobSuccess, "")
	h.rotated(d, old)
}
