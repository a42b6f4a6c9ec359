package jobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/model"
)

// wrapped replaces the house's restic by a shell script; "$RESTIC" in it is the real one.
func (h *house) wrapped(script string) {
	h.t.Helper()
	name := filepath.Join(h.dir, "wrapped")
	text := fmt.Sprintf("#!/bin/sh\nRESTIC='%s'\ncd '%s'\n%s\nexec \"$RESTIC\" \"$@\"\n", h.Restic, h.dir, script)
	h.must(os.WriteFile(name, []byte(text), 0o700))
	h.Restic = name
}

// appears waits for a file of the house's folder.
func (h *house) appears(name string) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(h.dir, name)); err == nil {
			return
		}
	}
	h.t.Fatalf("%s did not appear", name)
}

// saving starts a backup that takes a while and returns its job once bytes move.
func (h *house) saving(c model.Configuration) model.Job {
	h.t.Helper()
	noise := make([]byte, 200<<20)
	_, _ = rand.Read(noise)
	h.must(os.WriteFile(filepath.Join(h.src, "big"), noise, 0o600))
	jobs, err := h.Backup(h.t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	for {
		job, err := h.Store.Job(h.t.Context(), jobs[0].ID)
		h.must(err)
		if job.State.Final() {
			h.t.Fatalf("the backup ended too early: %+v", job)
		}
		if p, ok := h.Progress(job.ID); ok && p.BytesDone > 0 {
			return job
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestCancelOfAClaimedJob cancels between the claim and the first step, where the job is neither queued nor at work.
func TestCancelOfAClaimedJob(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.destination()
	_, c := h.app(1)
	queued, err := h.Backup(t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	r, err := h.claim()
	h.must(err)
	h.must(h.Cancel(t.Context(), queued[0].ID))
	h.loops.Add(1)
	h.work(r)
	h.expect(h.wait(queued[0].ID), model.JobCancelled, model.CauseCancelled)
}

// TestSilentWorkIsNoStall holds that reading counts as movement: restic says nothing while it verifies.
func TestSilentWorkIsNoStall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := &run{Manager: h.Manager, on: machine{host: h.Host}}
	now := time.Unix(1_800_000_000, 0)
	if traffic := r.look(t.Context(), now, 0); traffic != 0 || r.moved.Load() != 0 {
		t.Errorf("a run without a program moved: %d", traffic)
	}
	self := process(h, os.Getpid())
	r.process.Store(&self)
	before := r.look(t.Context(), now, device.Traffic(self)+1<<40)
	if r.moved.Load() != 0 {
		t.Error("nothing was read and it counts as movement")
	}
	name := filepath.Join(h.dir, "big")
	h.must(os.WriteFile(name, make([]byte, 2*idleTraffic), 0o600))
	r.look(t.Context(), now, before)
	if r.moved.Load() != now.Unix() {
		t.Error("two mebibytes were written and nothing moved")
	}
}

// TestKilledResticLeavesNoLock kills restic as the kernel does when memory runs out.
func TestKilledResticLeavesNoLock(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	_, c := h.app(1)
	h.start()
	job := h.saving(c)
	h.must(syscall.Kill(job.PID, syscall.SIGKILL))
	if ended := h.wait(job.ID); ended.State != model.JobFailed {
		t.Fatalf("a backup whose restic was killed is %s", ended.State)
	}
	h.idle()
	if locks := strings.TrimSpace(h.raw(d, "list", "locks", "--no-lock", "-q")); locks != "" {
		t.Errorf("a killed restic left a lock: %s", locks)
	}
}

// TestStopRecordsWhatWasKilled stops beside a restic that does not listen.
func TestStopRecordsWhatWasKilled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.destination()
	_, c := h.app(1)
	h.wrapped(`case "$*" in *backup*) trap '' INT TERM; : > deaf; sleep 1000;; esac`)
	h.start()
	jobs, err := h.Backup(t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	h.appears("deaf")
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := h.Stop(short); err == nil {
		t.Fatal("a stop beside a deaf restic came to its end")
	}
	h.must(h.Host.Close())
	long, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	h.must(h.Stop(long))
	job, err := h.Store.Job(t.Context(), jobs[0].ID)
	h.must(err)
	h.expect(job, model.JobInterrupted, model.CauseInterrupted)
}

// TestStartWithAPolicyThatCannotBeRead starts where a time zone is no longer known.
func TestStartWithAPolicyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	p.TimeZone = "No/Where"
	_, err = h.Store.UpdatePolicy(t.Context(), p, time.Time{})
	h.must(err)
	h.start()
	if !h.Ready() {
		t.Error("it does not run")
	}
}

// TestSyncBesideABackup ends a backup while a sync has listed the repository and not compared yet.
func TestSyncBesideABackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	_, c := h.app(3)
	h.wrapped(`case "$*" in *snapshots*) "$RESTIC" "$@" > list; : > listed; while [ ! -e go ]; do sleep 0.05; done; cat list; exit 0;; esac`)
	h.start()
	sync, err := h.Maintain(t.Context(), d.ID, model.JobSync)
	h.must(err)
	h.appears("listed")
	saved := h.backup(c)
	h.expect(saved, model.JobSuccess, "")
	h.must(os.WriteFile(filepath.Join(h.dir, "go"), nil, 0o600))
	h.expect(h.wait(sync.ID), model.JobSuccess, "")
	if _, err := h.Store.Snapshot(t.Context(), saved.SnapshotID); err != nil {
		t.Errorf("the sync dropped a snapshot that was made meanwhile: %v", err)
	}
}
