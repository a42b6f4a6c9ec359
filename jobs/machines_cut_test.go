package jobs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/testbed"
)

// lent adds a folder of this machine as the destination of the house, with a repository that is there, so that a device
// reaches it through the gateway alone.
func (h *house) lent(dir, password string, bytesPerSecond int64) model.Destination {
	h.t.Helper()
	d, err := h.AddDestination(h.t.Context(),
		model.Destination{Name: "Lent", Type: model.DestinationLocal, LocalPath: dir, BytesPerSecond: bytesPerSecond},
		model.DestinationSecrets{RepoPassword: password})
	h.must(err)
	return d
}

// folderOf makes a folder of a device an app.
func (h *house) folderOf(d model.Device, dir string) model.Configuration {
	h.t.Helper()
	a, _, err := h.PutApp(h.t.Context(), model.App{Name: "Data of " + d.Name, DeviceID: d.ID, Origin: model.OriginManual, Paths: []string{dir}})
	h.must(err)
	c, err := h.Store.AutomaticConfiguration(h.t.Context(), a.ID)
	h.must(err)
	return c
}

// begin queues a backup and returns its job.
func (h *house) begin(c model.Configuration) model.Job {
	h.t.Helper()
	jobs, err := h.Backup(h.t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	if len(jobs) != 1 {
		h.t.Fatalf("%d jobs for one destination", len(jobs))
	}
	return jobs[0]
}

// await waits until what is asked is so.
func (h *house) await(what string, so func() bool) {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("after a minute: not yet %s", what)
		}
	}
}

// uploaded is how many bytes have gone through the gateway of a job.
func (h *house) uploaded(job model.Job) int64 {
	h.mu.Lock()
	r := h.running[job.ID]
	h.mu.Unlock()
	if r == nil || r.process.Load() == nil || r.lent == nil {
		return 0
	}
	return r.lent.Stats().In
}

// stored counts the whole files of a kind in a repository.
func stored(t *testing.T, repo, kind string) (files int, bytes int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(repo, kind), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			return nil // what goes meanwhile is not whole
		}
		if info, err := e.Info(); err == nil {
			files, bytes = files+1, bytes+info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, bytes
}

// unlocked fails the test where a lock is left in a repository.
func unlocked(t *testing.T, repo string) {
	t.Helper()
	if n, _ := stored(t, repo, "locks"); n != 0 {
		t.Errorf("%d locks are left", n)
	}
}

// TestShortCut cuts the link to a machine for ten seconds in the middle of its backup, which goes on and is whole.
func TestShortCut(t *testing.T) {
	t.Parallel()
	web := testbed.NewMachine(t, testbed.MachineOptions{})
	web.Run(t, "mkdir /srv/data && head -c 9000000 /dev/urandom >/srv/data/big && echo small >/srv/data/small")
	h := newHouse(t)
	device := h.addMachine("web", "sudoer", web)
	h.start()
	repo, password := testbed.Repository(t)
	d := h.lent(repo, password, 2<<20)
	job := h.begin(h.folderOf(device, "/srv/data"))
	h.await("something is uploaded", func() bool { return h.uploaded(job) > 1<<20 })
	web.Cut()
	time.Sleep(10 * time.Second) // the fault itself
	web.Mend()
	done := h.wait(job.ID)
	h.expect(done, model.JobSuccess, "")
	if done.Result.Files != 2 || done.Result.DataAdded < 9000000 {
		t.Errorf("the result is %+v", done.Result)
	}
	h.idle()
	h.raw(d, "check", "--read-data", "--no-lock")
	unlocked(t, repo)
}

// TestLongCut cuts the link for good in the middle of a backup: the job says so, what ran there ends, no lock stays, and
// the next run sends only what is not there yet.
func TestLongCut(t *testing.T) {
	t.Parallel()
	web := testbed.NewMachine(t, testbed.MachineOptions{})
	web.Run(t, "mkdir /srv/data && for i in 1 2 3 4 5 6; do head -c 12000000 /dev/urandom >/srv/data/$i; done")
	h := newHouse(t, func(o *Options) { o.GiveUp = 2 * time.Second })
	device := h.addMachine("web", "root", web)
	h.start()
	repo, password := testbed.Repository(t)
	d := h.lent(repo, password, 12<<20)
	c := h.folderOf(device, "/srv/data")
	job := h.begin(c)
	h.await("a pack of data is stored", func() bool {
		_, bytes := stored(t, repo, "data")
		return bytes > 10_000_000
	})
	web.Cut()
	done := h.wait(job.ID)
	h.expect(done, model.JobFailed, model.CauseDevice)
	if !strings.Contains(done.Message, "connection") || !strings.Contains(done.Mend, "used again") {
		t.Errorf("the job says %q %q", done.Message, done.Mend)
	}
	unlocked(t, repo)
	h.await("the device is out of reach", func() bool {
		now, err := h.Store.Device(t.Context(), device.ID)
		h.must(err)
		return now.State == model.DeviceUnreachable && now.Message != "" && now.Mend != ""
	})
	h.idle()

	packs, had := stored(t, repo, "data")
	web.Mend()
	again := h.wait(h.begin(c).ID)
	h.expect(again, model.JobSuccess, "")
	if sent := again.Result.DataAdded; sent > 80_000_000-had || sent < 1 || again.Result.Files != 6 {
		t.Errorf("%d packs with %d bytes were there, and the next run sent %d bytes: %s", packs, had, sent, h.jobText(again.ID))
	}
	h.await("the device is ready", func() bool {
		now, err := h.Store.Device(t.Context(), device.ID)
		h.must(err)
		return now.State == model.DeviceReady
	})
	if left := web.Run(t, "ps -eo args | grep '[r]estic-' || true"); left != "" {
		t.Errorf("left on the machine: %s", left)
	}
	h.raw(d, "check", "--read-data", "--no-lock")
	runs, err := os.ReadDir(web.Path("/root/.cache/keepstead/runs"))
	h.must(err)
	if len(runs) != 0 {
		t.Errorf("folders of runs are left on the machine: %v", runs)
	}
}

// TestReboot reboots a machine in the middle of its backup: the job says that the machine was lost, nothing stays locked, and
// once it is back the next run is whole.
func TestReboot(t *testing.T) {
	t.Parallel()
	web := testbed.NewMachine(t, testbed.MachineOptions{})
	web.Run(t, "mkdir /srv/data && head -c 20000000 /dev/urandom >/srv/data/big && echo small >/srv/data/small")
	h := newHouse(t, func(o *Options) { o.GiveUp = 2 * time.Second })
	device := h.addMachine("web", "root", web)
	h.start()
	repo, password := testbed.Repository(t)
	d := h.lent(repo, password, 4<<20)
	c := h.folderOf(device, "/srv/data")
	job := h.begin(c)
	h.await("something is uploaded", func() bool { return h.uploaded(job) > 1<<20 })
	web.Reboot(t)
	h.expect(h.wait(job.ID), model.JobFailed, model.CauseDevice)
	unlocked(t, repo)
	h.idle()
	again := h.wait(h.begin(c).ID)
	h.expect(again, model.JobSuccess, "")
	if again.Result.Files != 2 {
		t.Errorf("the run after the reboot saved %d files", again.Result.Files)
	}
	h.raw(d, "check", "--read-data", "--no-lock")
}

// TestDiedWhileADeviceWorked starts after a Keepstead that was killed while restic ran on a machine, which has not noticed
// yet: it is ended, its lock goes, and the backup is run again.
func TestDiedWhileADeviceWorked(t *testing.T) {
	t.Parallel()
	repo, password := testbed.Repository(t)
	on := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{"/mnt/repo": repo}})
	on.Run(t, "mkdir /srv/data && echo data >/srv/data/file")
	h := newHouse(t)
	program, err := os.ReadFile(h.Restic) // which may lie where the machine has folders of its own
	h.must(err)
	h.must(os.WriteFile(on.Path("/srv/restic"), program, 0o755))
	device := h.addMachine("left", "root", on)
	h.lent(repo, password, 0)
	queued := h.begin(h.folderOf(device, "/srv/data"))
	job, err := h.Store.ClaimJob(t.Context(), h.limits())
	h.must(err)
	if job.ID != queued.ID {
		t.Fatalf("claimed %s, queued %s", job.ID, queued.ID)
	}
	pid := on.Run(t, "cd /mnt; export RESTIC_REPOSITORY=/mnt/repo RESTIC_PASSWORD="+password+
		"; setsid /srv/restic backup --no-cache --stdin-from-command -- sleep 1000 >/dev/null 2>&1 </dev/null & echo $!")
	h.await("the lock is there", func() bool { n, _ := stored(t, repo, "locks"); return n > 0 })
	number, err := strconv.Atoi(pid)
	h.must(err)
	stat := on.Run(t, "cat /proc/"+pid+"/stat")
	start, err := strconv.ParseInt(strings.Fields(stat[strings.LastIndexByte(stat, ')')+2:])[19], 10, 64)
	h.must(err)
	boot := on.Run(t, "cat /proc/sys/kernel/random/boot_id")
	h.must(h.Store.SetJobProcess(t.Context(), job.ID, number, start, boot, on.Name()))

	h.start()
	h.idle()
	was, err := h.Store.Job(t.Context(), job.ID)
	h.must(err)
	h.expect(was, model.JobInterrupted, model.CauseInterrupted)
	again, err := h.Store.Jobs(t.Context(), model.JobFilter{ConfigurationID: job.ConfigurationID, Kinds: []model.JobKind{model.JobBackup}, States: []model.JobState{model.JobSuccess}})
	h.must(err)
	if len(again) != 1 || again[0].RetryOf != job.ID {
		t.Errorf("the interrupted backup was not run again: %+v", again)
	}
	if left := on.Run(t, "ps -eo args | grep '[r]estic.*backup' || true"); left != "" {
		t.Errorf("left on the machine: %s", left)
	}
	unlocked(t, repo)
}
