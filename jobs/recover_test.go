package jobs

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/model"
	"keepstead/store"
	"keepstead/testbed"
)

// TestRecover holds safety core 1 and 11 for the start after a crash: what ran is settled honestly, a child that is
// still there ends, our own dead lock goes, a stranger's stays, and the backup is run again.
func TestRecover(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination()
	_, c := h.app(3)
	queued, err := h.Backup(t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	job, err := h.Store.ClaimJob(t.Context(), h.limits())
	h.must(err)
	if job.ID != queued[0].ID {
		t.Fatalf("claimed %s, queued %s", job.ID, queued[0].ID)
	}
	child := orphan(t, h, d)
	host, err := os.Hostname()
	h.must(err)
	h.must(h.Store.SetJobProcess(t.Context(), job.ID, child.PID, child.Start, child.BootID, host))
	stranger := strangersLock(t, h, d)

	h.start()
	if device.Alive(child) {
		t.Error("the child of the earlier Keepstead is still there")
	}
	h.idle()
	was, err := h.Store.Job(t.Context(), job.ID)
	h.must(err)
	h.expect(was, model.JobInterrupted, model.CauseInterrupted)
	s, err := h.Store.Snapshot(t.Context(), job.SnapshotID)
	h.must(err)
	if s.Status != model.SnapshotFailed {
		t.Errorf("the interrupted snapshot is %s", s.Status)
	}
	jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{ConfigurationID: c.ID, Kinds: []model.JobKind{model.JobBackup}, States: []model.JobState{model.JobSuccess}})
	h.must(err)
	if len(jobs) != 1 || jobs[0].RetryOf != job.ID || jobs[0].Trigger != model.TriggerRecovery {
		t.Errorf("the interrupted backup was not run again: %+v", jobs)
	}
	locks := strings.Fields(h.raw(d, "list", "locks", "--no-lock", "-q"))
	if len(locks) != 1 || locks[0] != stranger {
		t.Errorf("locks left: %v, want only the stranger's %s", locks, stranger)
	}
}

// orphan starts a restic that holds a lock and outlives its parent's interest, then kills it with -9 once its lock is
// there, and returns another live process in its place when none is left to bury.
func orphan(t *testing.T, h *house, d model.Destination) device.Process {
	t.Helper()
	password, err := h.RepositoryPassword(d)
	h.must(err)
	fifo := h.dir + "/never.fifo"
	h.must(syscall.Mkfifo(fifo, 0o600))
	cmd := exec.Command(h.Restic, "backup", "--stdin-from-command", "--", "cat", fifo)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "RESTIC_REPOSITORY=" + d.LocalPath, "RESTIC_PASSWORD=" + password, "RESTIC_CACHE_DIR=" + h.dir + "/othercache"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	h.must(cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	for len(lockFiles(h, d)) == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	p := process(h, cmd.Process.Pid)
	go func() { _ = cmd.Wait() }()
	// A stopped process cannot clean up after SIGINT, so it is killed and its lock stays: the worst case.
	h.must(syscall.Kill(cmd.Process.Pid, syscall.SIGKILL))
	return p
}

// process reads a process's identity from the kernel.
func process(h *house, pid int) device.Process {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	h.must(err)
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	start, err := strconv.ParseInt(fields[19], 10, 64)
	h.must(err)
	return device.Process{PID: pid, Start: start, BootID: device.BootID()}
}

func lockFiles(h *house, d model.Destination) []string {
	entries, err := os.ReadDir(d.LocalPath + "/locks")
	h.must(err)
	var out []string
	for _, e := range entries {
		if !strings.Contains(e.Name(), "-tmp-") { // restic is still writing it
			out = append(out, e.Name())
		}
	}
	return out
}

// strangersLock leaves the lock of a process that no job of ours recorded.
func strangersLock(t *testing.T, h *house, d model.Destination) string {
	t.Helper()
	password, err := h.RepositoryPassword(d)
	h.must(err)
	id, _ := testbed.LeaveLock(t, d.LocalPath, password, "")
	return id
}

// A restore that was cut off says truly whether it stays.
func TestRecoverTellsWhatBecomesOfARestore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	row := func(action model.UndoAction, target, name string) model.Undo {
		return model.Undo{Action: action, Target: target, Name: name}
	}
	for name, tt := range map[string]struct {
		rows  []model.Undo
		last  model.StepState
		words string
	}{
		"under way":           {[]model.Undo{row(model.UndoPutBack, "/a", "/a")}, model.StepWaiting, "is put back"},
		"made a container":    {[]model.Undo{row(model.UndoRemoveContainer, "web", "web")}, model.StepWaiting, "is put back"},
		"not settled yet":     {[]model.Undo{row(model.UndoRename, "id", "web")}, model.StepRunning, "is put back"},
		"settled":             {[]model.Undo{row(model.UndoRemoveContainer, "id", "web"), row(model.UndoDropAside, "/a", "/a")}, model.StepRunning, "Nothing needs"},
		"settled and let go":  {nil, model.StepDone, "Nothing needs"},
		"before anything":     {nil, model.StepWaiting, "as it was before; restore again"},
		"failed and put back": {nil, model.StepSkipped, "as it was before; restore again"},
	} {
		job := model.Job{ID: model.NewID(), Steps: []model.Step{{State: model.StepDone}, {State: tt.last}}}
		for _, u := range tt.rows {
			u.JobID = job.ID
			_, err := h.Store.CreateUndo(t.Context(), u)
			h.must(err)
		}
		var out store.Outcome
		h.tellRebuild(t.Context(), job, &out)
		if !strings.Contains(out.Mend, tt.words) || (out.Message != "") != strings.HasPrefix(tt.words, "Nothing") {
			t.Errorf("%s: %q %q", name, out.Message, out.Mend)
		}
	}
}
