package jobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/model"
	"keepstead/store"
	"keepstead/testbed"
)

// explained fails the test unless the job ended as wanted, with a sentence that holds the text and with a mend.
func (h *house) explained(job model.Job, state model.JobState, cause model.Cause, text string) {
	h.t.Helper()
	h.expect(job, state, cause)
	if !strings.Contains(job.Message, text) || job.Mend == "" {
		h.t.Errorf("the job says %q %q, want %q", job.Message, job.Mend, text)
	}
}

// TestForwardingDenied backs up machines whose sshd forwards no sockets, where a port with a credential for this once
// takes their place, and one that forwards nothing, where the job says so.
func TestForwardingDenied(t *testing.T) {
	t.Parallel()
	on := testbed.NewMachine(t, testbed.MachineOptions{Sshd: "AllowStreamLocalForwarding no\nAllowTcpForwarding yes"})
	on.Run(t, "mkdir /srv/data && head -c 3000000 /dev/urandom >/srv/data/big")
	h := newHouse(t)
	d := h.addMachine("ports", "root", on)
	h.start()
	repo, password := testbed.Repository(t)
	h.lent(repo, password, 1<<20)
	c := h.folderOf(d, "/srv/data")
	job := h.begin(c)
	h.await("restic runs there", func() bool { return h.uploaded(job) > 1<<20 })
	h.mu.Lock()
	r := h.running[job.ID]
	h.mu.Unlock()
	credential := on.Run(t, fmt.Sprintf("tr '\\0' '\\n' </proc/%d/environ | sed -n 's/^RESTIC_REST_PASSWORD=//p'", r.process.Load().PID))
	if args := on.Run(t, "ps -eo args"); len(credential) < 32 || strings.Contains(args, credential) || !strings.Contains(args, "restic-") {
		t.Errorf("the credential %q is among the arguments, or restic is not:\n%s", credential, args)
	}
	h.expect(h.wait(job.ID), model.JobSuccess, "")
	h.idle()
	h.nothingLeft(on, credential, password)

	d.SSHUser = "nofwd"
	d.Sudo = false
	_, _, err := h.PutDevice(t.Context(), d, model.DeviceSecrets{PrivateKey: string(on.Key)})
	h.must(err)
	denied := h.wait(h.begin(c).ID)
	h.explained(denied, model.JobFailed, model.CauseDevice, "forward")
	if !strings.Contains(denied.Mend, "sshd_config") {
		t.Errorf("the mend is %q", denied.Mend)
	}
	unlocked(t, repo)
}

// TestFullDisks backs up a machine whose own disk has no room for restic, and another into a storage that has no room.
func TestFullDisks(t *testing.T) {
	t.Parallel()
	on := testbed.NewMachine(t, testbed.MachineOptions{})
	on.Run(t, "mkdir /srv/data && head -c 9000000 /dev/urandom >/srv/data/big && mount -t tmpfs -o size=90m none /root")
	h := newHouse(t)
	d := h.addMachine("full", "root", on)
	h.start()
	on.Run(t, "dd if=/dev/zero of=/root/filler bs=64k >/dev/null 2>&1 || true; truncate -s -1M /root/filler")
	repo, password := testbed.Repository(t)
	disk := testbed.SmallDisk(t, 160<<20)
	small := filepath.Join(disk, "repo")
	h.must(os.CopyFS(small, os.DirFS(repo)))
	h.lent(small, password, 0)
	fill(t, disk, 4<<20)
	c := h.folderOf(d, "/srv/data")
	h.explained(h.wait(h.begin(c).ID), model.JobFailed, model.CauseDiskFull, "full itself")
	h.idle()

	on.Run(t, "rm /root/filler")
	done := h.wait(h.begin(c).ID)
	h.explained(done, model.JobFailed, model.CauseDiskFull, "no space left")
	if strings.Contains(done.Message, "itself") || !strings.Contains(done.Mend, "destination") {
		t.Errorf("the job says %q %q", done.Message, done.Mend)
	}
	unlocked(t, small)
}

// fill leaves so many bytes free on a small disk.
func fill(t *testing.T, disk string, free int64) {
	t.Helper()
	var is syscall.Statfs_t
	if err := syscall.Statfs(disk, &is); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(disk, "filler"))
	if err == nil {
		err = errors.Join(syscall.Fallocate(int(file.Fd()), 0, 0, int64(is.Bavail)*is.Bsize-free), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMachineReplaced gives a machine another host key: jobs there fail before anything was signed in to, and its page
// says so at once.
func TestMachineReplaced(t *testing.T) {
	t.Parallel()
	on := testbed.NewMachine(t, testbed.MachineOptions{})
	on.Run(t, "mkdir /srv/data && echo data >/srv/data/file")
	h := newHouse(t)
	d := h.addMachine("replaced", "root", on)
	repo, password := testbed.Repository(t)
	h.lent(repo, password, 0)
	c := h.folderOf(d, "/srv/data")
	fresh := rekey(t, h, on, d)
	h.part(d.ID) // as after any loss of the connection
	h.start()
	h.explained(h.wait(h.begin(c).ID), model.JobFailed, model.CauseDevice, "another host key")
	h.await("the device shows another host key", func() bool {
		now, err := h.Store.Device(t.Context(), d.ID)
		h.must(err)
		return now.State == model.DeviceHostKeyChanged && strings.Contains(now.Message, fresh)
	})
	_, since, _ := strings.Cut(on.Log(), "Received SIGHUP")
	if !strings.Contains(since, "Connection from") || strings.Contains(since, "Accepted ") || strings.Contains(since, "Failed ") || strings.Contains(since, "Postponed ") {
		t.Errorf("the machine was signed in to, or not reached:\n%s", since)
	}
	if files, _ := stored(t, repo, "snapshots"); files != 0 {
		t.Errorf("%d snapshots", files)
	}
}

// TestClockOff has a device an hour ahead say so.
func TestClockOff(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Hour, -time.Hour} {
		c := store.DeviceContact{State: model.DeviceReady, Facts: &model.DeviceFacts{Root: true, Skew: skew}}
		limit(&c, model.Device{SSHUser: "root"})
		if c.State != model.DeviceLimited || !strings.Contains(c.Message, "1h0m0s") || !strings.Contains(c.Mend, "NTP") {
			t.Errorf("a clock off by %s: %s %q %q", skew, c.State, c.Message, c.Mend)
		}
	}
}

// TestSlowMachine backs up two machines at once, one of which answers late and loses packets: the other does not wait.
func TestSlowMachine(t *testing.T) {
	t.Parallel()
	slow, quick := testbed.NewMachine(t, testbed.MachineOptions{NarrowLink: true}), testbed.NewMachine(t, testbed.MachineOptions{})
	h := newHouse(t)
	repo, password := testbed.Repository(t)
	h.lent(repo, password, 0)
	var configurations []model.Configuration
	for name, on := range map[string]*testbed.Machine{"slow": slow, "quick": quick} {
		on.Run(t, "mkdir /srv/data && head -c 500000 /dev/urandom >/srv/data/file")
		c := h.folderOf(h.addMachine(name, "root", on), "/srv/data")
		if name == "slow" {
			configurations = append([]model.Configuration{c}, configurations...)
		} else {
			configurations = append(configurations, c)
		}
	}
	slow.Slow(300*time.Millisecond, 0.02)
	h.start()
	late := h.begin(configurations[0])
	h.await("the slow one is begun", func() bool {
		job, err := h.Store.Job(t.Context(), late.ID)
		h.must(err)
		return job.State == model.JobRunning
	})
	h.expect(h.wait(h.begin(configurations[1]).ID), model.JobSuccess, "")
	if job, err := h.Store.Job(t.Context(), late.ID); err != nil || job.State != model.JobRunning {
		t.Errorf("the slow one is %s before the quick one has ended, %v", job.State, err)
	}
	h.expect(h.wait(late.ID), model.JobSuccess, "")
	unlocked(t, repo)
}

// TestDeviceRemoved gives up the connection to a device that is removed, to one whose way has changed, and all of them
// when Keepstead stops.
func TestDeviceRemoved(t *testing.T) {
	t.Parallel()
	on := testbed.NewMachine(t, testbed.MachineOptions{})
	h := newHouse(t)
	d := h.addMachine("moved", "sudoer", on)
	to, err := h.machine(t.Context(), d.ID)
	h.must(err)
	first := to.host.(*device.SSH)
	h.must(first.Test(t.Context()))
	d.SSHUser, d.Sudo = "root", false
	d, _, err = h.PutDevice(t.Context(), d, model.DeviceSecrets{PrivateKey: string(on.Key)})
	h.must(err)
	h.await("the old connection is given up", func() bool { return first.Test(t.Context()) != nil })
	to, err = h.machine(t.Context(), d.ID)
	h.must(err)
	second := to.host.(*device.SSH)
	h.must(second.Test(t.Context()))
	_, err = h.DeleteDevice(t.Context(), d.ID)
	h.must(err)
	if second.Test(t.Context()) == nil || len(h.machines)+len(h.links) != 0 {
		t.Errorf("a removed device is still connected; %d connections, %d links", len(h.machines), len(h.links))
	}
	d = h.addMachine("locked out", "root", on)
	d.SSHKey = model.Sealed("not a sealed key")
	d, err = h.Store.UpdateDevice(t.Context(), d)
	h.must(err)
	if stays, err := h.DeleteDevice(t.Context(), d.ID); err != nil || !strings.Contains(stays, "cannot be opened") {
		t.Errorf("a device whose key cannot be opened: %q %v", stays, err)
	}
	d = h.addMachine("again", "root", on)
	to, err = h.machine(t.Context(), d.ID)
	h.must(err)
	h.must(to.host.(*device.SSH).Test(t.Context()))
	h.must(h.Stop(t.Context()))
	if to.host.(*device.SSH).Test(t.Context()) == nil {
		t.Error("after the stop it is still connected")
	}
}

// TestLongerRests leaves a machine that cannot be reached alone for longer each time, up to a bound.
func TestLongerRests(t *testing.T) {
	t.Parallel()
	rest := time.Duration(0)
	for _, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		if rest = longer(rest); rest != want {
			t.Errorf("a rest of %s, want %s", rest, want)
		}
	}
}
