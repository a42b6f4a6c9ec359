package jobs

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/testbed"
)

// TestLocksOfOthersAreRemovedByHand kills a restic of another machine in the middle of a backup: its lock keeps ours out,
// the job says where that is mended, and exactly the lock that was chosen goes.
func TestLocksOfOthersAreRemovedByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	_, c := h.app(3)
	password, err := h.RepositoryPassword(d)
	h.must(err)
	if locks, err := h.Locks(t.Context(), d.ID); err != nil || len(locks) != 0 {
		t.Fatalf("a fresh repository has the locks %v, %v", locks, err)
	}
	id, pid := testbed.LeaveLock(t, d.LocalPath, password, "elsewhere")
	h.start()
	job, err := h.Maintain(t.Context(), d.ID, model.JobPrune)
	h.must(err)
	ended := h.wait(job.ID)
	h.expect(ended, model.JobFailed, model.CauseLocked)
	if !strings.Contains(ended.Mend, "“Remove locks…”") {
		t.Errorf("the mend is %q", ended.Mend)
	}
	locks, err := h.Locks(t.Context(), d.ID)
	h.must(err)
	if len(locks) != 1 || locks[0].ID != id || locks[0].Host != "elsewhere" || locks[0].PID != pid || locks[0].User == "" || locks[0].Exclusive || locks[0].Stale(h.now()) {
		t.Fatalf("the locks are %+v, want %s of process %d on elsewhere", locks, id, pid)
	}
	if !locks[0].Stale(h.now().Add(31 * time.Minute)) {
		t.Error("after half an hour it is not stale")
	}

	later, _ := testbed.LeaveLock(t, d.LocalPath, password, "elsewhere")
	if n, err := h.RemoveLocks(t.Context(), d.ID, []string{id, strings.Repeat("0", 64)}); err != nil || n != 1 {
		t.Errorf("removed %d, %v", n, err)
	}
	if left := lockFiles(h, d); !slices.Equal(left, []string{later}) {
		t.Errorf("left are %v, want the later %s", left, later)
	}
	if n, err := h.RemoveLocks(t.Context(), d.ID, []string{later}); err != nil || n != 1 {
		t.Errorf("removed %d, %v", n, err)
	}
	h.expect(h.backup(c), model.JobSuccess, "")
	job, err = h.Maintain(t.Context(), d.ID, model.JobPrune)
	h.must(err)
	h.expect(h.wait(job.ID), model.JobSuccess, "")
}

// TestLocksStayWhileAJobIsThere: a lock may be our own job's then.
func TestLocksStayWhileAJobIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	lock := strangersLock(t, h, d)
	in := h.sharing(d.ID)
	in.RLock()
	if _, err := h.RemoveLocks(t.Context(), d.ID, []string{lock}); !errors.Is(err, model.ErrConflict) || !h.InRepository(d.ID) {
		t.Errorf("with a job there: %v", err)
	}
	in.RUnlock()
	if _, err := h.RemoveLocks(t.Context(), d.ID, nil); len(model.Refused(err)) != 1 {
		t.Errorf("with no lock chosen: %v", err)
	}
	if _, err := h.RemoveLocks(t.Context(), model.NewID(), []string{lock}); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("at no destination: %v", err)
	}
	if left := lockFiles(h, d); len(left) != 1 || h.InRepository(d.ID) {
		t.Errorf("left are %v", left)
	}
}
