package jobs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/testbed"
)

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	testbed.NewFiles(t, h.src)
	a, _, err := h.PutApp(t.Context(), model.App{Name: "Odd", Origin: model.OriginManual, Paths: []string{h.src}})
	h.must(err)
	c, err := h.Store.AutomaticConfiguration(t.Context(), a.ID)
	h.must(err)

	job := h.backup(c)
	h.expect(job, model.JobSuccess, "")
	s, err := h.Store.Snapshot(t.Context(), job.SnapshotID)
	h.must(err)
	if s.Status != model.SnapshotSuccess || s.TotalFiles == 0 || len(s.ResticSnapshotID) != 64 {
		t.Fatalf("snapshot after a backup: %+v", s)
	}
	h.idle()
	if d, err = h.Store.Destination(t.Context(), d.ID); err != nil || d.TotalSnapshots != 1 || d.LastBackupAt == nil || d.TotalSize == 0 {
		t.Fatalf("destination after a backup: %+v, %v", d, err)
	}

	target := filepath.Join(h.dir, "back")
	restore, err := h.Restore(t.Context(), model.Restore{SnapshotID: s.ID, TargetPath: target}, model.TriggerManual)
	h.must(err)
	restored := h.wait(restore.ID)
	h.expect(restored, model.JobSuccess, "")
	if restored.Result == nil || !restored.Result.Verified || restored.Result.Files == 0 {
		t.Fatalf("result of the restore: %+v", restored.Result)
	}
	testbed.Compare(t, h.src, filepath.Join(target, h.src))
}

func TestRestoreChosenFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	h.destination()
	h.write(3)
	odd := []string{"a[1].txt", "star*.txt", "new\nline.txt", "what?.txt", `back\slash.txt`}
	for _, name := range odd {
		h.must(os.WriteFile(filepath.Join(h.src, name), []byte(name), 0o600))
	}
	h.must(os.WriteFile(filepath.Join(h.src, "a1.txt"), []byte("a[1] as a pattern would match this"), 0o600))
	a, _, err := h.PutApp(t.Context(), model.App{Name: "Odd", Origin: model.OriginManual, Paths: []string{h.src}})
	h.must(err)
	c, err := h.Store.AutomaticConfiguration(t.Context(), a.ID)
	h.must(err)
	job := h.backup(c)
	target := filepath.Join(h.dir, "back")
	restore, err := h.Restore(t.Context(), model.Restore{SnapshotID: job.SnapshotID, TargetPath: target, Files: append(odd[:4:4], filepath.Join(h.src, odd[4]))}, model.TriggerManual)
	h.must(err)
	h.expect(h.wait(restore.ID), model.JobSuccess, "")
	entries, err := os.ReadDir(filepath.Join(target, h.src))
	h.must(err)
	if len(entries) != len(odd) {
		t.Errorf("restored %d entries, want %d: %v", len(entries), len(odd), entries)
	}
	_, err = h.Restore(t.Context(), model.Restore{SnapshotID: job.SnapshotID, TargetPath: target, Files: []string{"not there"}}, model.TriggerManual)
	if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != "files" {
		t.Errorf("a restore of nothing: %v, want a refusal of files", err)
	}
}

// TestPinnedRepository holds safety core 5: a repository that vanished is an error, never a fresh one.
func TestPinnedRepository(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	h.destination()
	_, c := h.app(5)
	h.expect(h.backup(c), model.JobSuccess, "")
	h.idle()
	away := h.repo + "-unmounted"
	h.must(os.Rename(h.repo, away))
	h.must(os.Mkdir(h.repo, 0o700))
	h.expect(h.backup(c), model.JobFailed, model.CauseNoRepository)
	if left, err := os.ReadDir(h.repo); err != nil || len(left) != 0 {
		t.Errorf("something was made where the repository was: %v, %v", left, err)
	}
	other, _ := testbed.Repository(t)
	h.must(os.Remove(h.repo))
	h.must(os.Rename(other, h.repo))
	job := h.backup(c)
	if job.State != model.JobFailed || job.Cause != model.CauseOtherRepo && job.Cause != model.CauseWrongPassword {
		t.Errorf("a backup into another repository is %s (%s)", job.State, job.Cause)
	}
	h.must(os.Rename(h.repo, other))
	h.must(os.Rename(away, h.repo))
	h.expect(h.backup(c), model.JobSuccess, "")
}

// TestSources holds safety core 6: a source that vanished, emptied or shrank is loud and freezes retention.
func TestSources(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(h *house)
		state model.JobState
		cause model.Cause
	}{
		{"vanished", func(h *house) { h.must(os.RemoveAll(h.src)) }, model.JobFailed, model.CauseSourceMissing},
		{"emptied", func(h *house) { h.write(0) }, model.JobFailed, model.CauseSourceEmpty},
		{"only empty folders", func(h *house) {
			h.write(0)
			h.must(os.MkdirAll(filepath.Join(h.src, "a/b/c"), 0o755))
		}, model.JobFailed, model.CauseSourceEmpty},
		{"shrunk", func(h *house) { h.write(3) }, model.JobPartial, model.CauseSourceShrunk},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.start()
			d := h.destination()
			_, c := h.app(40)
			good := h.backup(c)
			h.expect(good, model.JobSuccess, "")
			h.idle()
			tt.spoil(h)
			h.expect(h.backup(c), tt.state, tt.cause)
			frozen, err := h.Store.Configuration(t.Context(), c.ID)
			h.must(err)
			if frozen.FrozenAt == nil || frozen.FrozenReason == "" {
				t.Fatalf("retention is not frozen: %+v", frozen)
			}
			h.idle()
			// Even a strict retention must leave the good snapshot alone now.
			frozen.Retention = &model.Retention{KeepLast: 1}
			_, err = h.ChangeConfiguration(t.Context(), frozen)
			h.must(err)
			made, err := h.create(t.Context(), nil, model.Job{Kind: model.JobForget, ConfigurationID: c.ID, DestinationID: d.ID})
			h.must(err)
			h.wait(made[0].ID)
			if s, err := h.Store.Snapshot(t.Context(), good.SnapshotID); err != nil || !strings.Contains(h.raw(d, "snapshots", "--json"), s.ResticSnapshotID) {
				t.Errorf("the good snapshot went under a frozen retention: %v", err)
			}
			h.must(h.Unfreeze(t.Context(), c.ID))
			h.write(20)
			h.expect(h.backup(c), model.JobSuccess, "")
		})
	}
}

// TestOneSourceOfSeveralEmptied holds safety core 6 where what is gone is a small part of the whole.
func TestOneSourceOfSeveralEmptied(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	h.destination()
	h.write(40)
	disk := filepath.Join(h.dir, "disk")
	inside := filepath.Join(disk, "precious")
	h.must(os.MkdirAll(disk, 0o755))
	h.must(os.WriteFile(inside, []byte("precious"), 0o600))
	a, _, err := h.PutApp(t.Context(), model.App{Name: "Two", Origin: model.OriginManual, Paths: []string{h.src, disk}})
	h.must(err)
	c, err := h.Store.AutomaticConfiguration(t.Context(), a.ID)
	h.must(err)
	h.expect(h.backup(c), model.JobSuccess, "")
	h.idle()
	h.must(os.Remove(inside))
	h.expect(h.backup(c), model.JobPartial, model.CauseSourceEmpty)
	h.idle()
	h.expect(h.backup(c), model.JobPartial, model.CauseSourceEmpty)
	if c, err = h.Store.Configuration(t.Context(), c.ID); err != nil || c.FrozenAt == nil {
		t.Fatalf("retention is not frozen: %+v, %v", c, err)
	}
	h.must(h.Unfreeze(t.Context(), c.ID))
	h.expect(h.backup(c), model.JobSuccess, "")
	h.idle()
	h.expect(h.backup(c), model.JobSuccess, "") // empty for good is no news
}

// TestKeepLastOne lets retention run after real backups; that a partial one pushes out no full one is in TestVerdict.
func TestKeepLastOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	_, c := h.app(12)
	c.Retention = &model.Retention{KeepLast: 1}
	c, err := h.ChangeConfiguration(t.Context(), c)
	h.must(err)
	older := h.backup(c)
	h.idle()
	newer := h.backup(c)
	h.idle()
	if _, err := h.Store.Snapshot(t.Context(), older.SnapshotID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("keep-last 1 kept the older snapshot: %v", err)
	}
	if s, err := h.Store.Snapshot(t.Context(), newer.SnapshotID); err != nil || s.Status != model.SnapshotSuccess {
		t.Errorf("the newer snapshot: %+v, %v", s, err)
	}
	if n := strings.Count(h.raw(d, "snapshots", "--json"), `"short_id"`); n != 1 {
		t.Errorf("the repository holds %d snapshots under keep-last 1", n)
	}
}

func TestCancelAndRetry(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	_, c := h.app(2)
	queued, err := h.Backup(t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	if _, err := h.Backup(t.Context(), c.ID, model.TriggerManual); !errors.Is(err, model.ErrConflict) {
		t.Errorf("a second backup beside a queued one: %v, want a conflict", err)
	}
	h.must(h.Cancel(t.Context(), queued[0].ID))
	job, err := h.Store.Job(t.Context(), queued[0].ID)
	h.must(err)
	if job.State != model.JobCancelled {
		t.Errorf("a cancelled queued job is %s", job.State)
	}
	if s, err := h.Store.Snapshot(t.Context(), job.SnapshotID); err != nil || s.Status == model.SnapshotInProgress {
		t.Errorf("the snapshot of a cancelled job is %q, %v", s.Status, err)
	}
	h.start()
	big, err := os.Create(filepath.Join(h.src, "big"))
	h.must(err)
	random, err := os.Open("/dev/urandom")
	h.must(err)
	_, err = io.CopyN(big, random, 300<<20)
	h.must(errors.Join(err, big.Close(), random.Close()))
	again, err := h.Retry(t.Context(), job.ID)
	h.must(err)
	for {
		if p, ok := h.Progress(again.ID); ok && p.BytesDone > 0 {
			break
		}
		if j, err := h.Store.Job(t.Context(), again.ID); err != nil || j.State.Final() {
			t.Fatalf("the retry ended before it could be cancelled: %+v, %v", j, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	h.must(h.Cancel(t.Context(), again.ID))
	h.expect(h.wait(again.ID), model.JobCancelled, model.CauseCancelled)
	if locks := strings.TrimSpace(h.raw(d, "list", "locks", "--no-lock", "-q")); locks != "" {
		t.Errorf("a cancelled backup left a lock: %s", locks)
	}
	retry, err := h.Retry(t.Context(), again.ID)
	h.must(err)
	h.expect(h.wait(retry.ID), model.JobSuccess, "")
	if _, err := h.Retry(t.Context(), retry.ID); !errors.Is(err, model.ErrConflict) {
		t.Errorf("retrying a success: %v, want a conflict", err)
	}
}
