package jobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/restic"
)

// TestPlanInPlace holds that a plan calls new only what is not there: restic says "restored" of folders that it finds.
func TestPlanInPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	h.destination()
	_, c := h.app(3)
	job := h.backup(c)
	h.expect(job, model.JobSuccess, "")
	plan, err := h.PlanRestore(t.Context(), model.Restore{SnapshotID: job.SnapshotID, InPlace: true})
	h.must(err)
	if plan.NewFiles != 0 || plan.Overwrites != 0 || plan.Unchanged != 3 {
		t.Errorf("nothing changed: %+v", plan)
	}
	files, err := filepath.Glob(filepath.Join(h.src, "file-*"))
	h.must(err)
	h.must(os.Remove(files[0]))
	if plan, err = h.PlanRestore(t.Context(), model.Restore{SnapshotID: job.SnapshotID, InPlace: true}); err != nil || plan.NewFiles != 1 {
		t.Errorf("one file is gone: %+v, %v", plan, err)
	}
}

// TestRestoreOntoFullDisk holds that the mend is about the target, not about the repository.
func TestRestoreOntoFullDisk(t *testing.T) {
	t.Parallel()
	err := restoreFailure("/srv/back", restic.RestoreSummary{TotalFiles: 2, FailedCount: 9}, fmt.Errorf("restic restore: %w", restic.ErrDiskFull))
	var f failure
	if !errors.As(err, &f) || f.cause != model.CauseDiskFull || !strings.Contains(f.mend, "/srv/back") || strings.Contains(f.message, "9 of 2") {
		t.Errorf("got %+v", f)
	}
}
