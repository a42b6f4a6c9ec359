package views

import (
	"strings"
	"testing"

	"keepstead/model"
)

// TestJobMends leads from a failure to where it is mended, before trying again where that would fail once more.
func TestJobMends(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	nas := model.Device{ID: id(4), Name: "nas", Kind: model.DeviceSSH, SSHUser: "backup"}
	for _, c := range []struct {
		name      string
		state     model.JobState
		cause     model.Cause
		device    *model.Device
		has       []string
		retryLess bool
	}{
		{"folders are gone", model.JobFailed, model.CauseSourceMissing, nil, []string{"Open paperless", AppPath(id(32))}, true},
		{"a password", model.JobFailed, model.CauseWrongPassword, nil, []string{"Open Backup disk", DestinationPath(id(10))}, true},
		{"a place that is away", model.JobFailed, model.CauseUnreachable, nil, []string{"Open Backup disk"}, false},
		{"a stranger's lock", model.JobFailed, model.CauseLocked, nil, []string{"Remove locks…", DestinationLocksPath(id(10))}, false},
		{"files over SSH", model.JobPartial, model.CauseUnreadable, &nas, []string{"Rights on nas", DevicePath(id(4)) + "#sudo", "permission denied", "0000412.pdf", "Open snapshot"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := JobProps{Chrome: s.chrome, Job: s.jobs[3], Device: c.device, HasApp: true, Snapshot: &s.snapshots[2]}
			p.Job.State, p.Job.Cause, p.Job.Message, p.Job.Mend = c.state, c.cause, "It went wrong.", "Mend it."
			page := render(t, JobHead(p))
			for _, want := range c.has {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			if (retryClass(t.Context(), p) == "") != c.retryLess {
				t.Errorf("trying again is drawn as %q", retryClass(t.Context(), p))
			}
		})
	}
}

// TestRestoredVerdict says of a restore that succeeded what is back, where, and from which snapshot.
func TestRestoredVerdict(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	p := JobProps{Chrome: s.chrome, Job: s.jobs[4], Snapshot: &s.snapshots[1]}
	for _, want := range []string{"Files of vaultwarden are back", "214 files and folders, all verified.", "Restored to", "data-copy", SnapshotPath(s.snapshots[1].ID)} {
		if page := render(t, JobHead(p)); !strings.Contains(page, want) {
			t.Errorf("the page of restored files lacks %q", want)
		}
	}
	p.Job.Result = &model.Result{Files: 6, Dumps: 3, Containers: 2, Verified: true, Project: "shop", RestoredTo: "shop"}
	page := render(t, JobHead(p))
	if !strings.Contains(page, "shop is back") || !strings.Contains(page, "6 files and folders, 3 databases, 2 healthy containers, all verified.") {
		t.Error("the page of a rebuilt app does not say what is back")
	}
	if strings.Contains(page, "Restored to") {
		t.Error("the project is said to be its own place")
	}
}
