package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/testbed"
)

// password returns the repository password of a destination, by the command made for it.
func (k *keepstead) password(name string) string {
	k.t.Helper()
	out, err := k.command("destination", "password", name, "--data", k.data).Output()
	if err != nil || len(strings.TrimSpace(string(out))) < 32 {
		k.t.Fatalf("destination password: %v: %q", err, out)
	}
	return strings.TrimSpace(string(out))
}

// wantUnlocked checks that no lock is left in a repository. A lock that is being removed gets a moment.
func wantUnlocked(t *testing.T, repository, password string) {
	t.Helper()
	var locks string
	for range 20 {
		if locks = strings.TrimSpace(string(restic(t, repository, password, "list", "locks", "--no-lock"))); locks == "" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("locks are left: %s", locks)
}

// begin starts a backup and returns its job when restic works on it.
func (k *keepstead) begin(configuration string) (id string, children []process) {
	k.t.Helper()
	id = k.request(configuration)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if children = descendants(k.cmd.Process.Pid); resticRuns(children) && k.job(id).State == "running" {
			return id, children
		}
		if j := k.job(id); slices.Contains(final, j.State) {
			k.t.Fatalf("the backup ended before it could be met: %+v", j)
		}
	}
	k.t.Fatal("the backup does not begin")
	return "", nil
}

// TestKilledInTheMiddleOfABackup kills Keepstead twenty times while restic works.
func TestKilledInTheMiddleOfABackup(t *testing.T) {
	t.Parallel()
	k := serve(t)
	repository, app := newFolder(t, "repository"), newFolder(t, "app")
	writeFile(t, filepath.Join(app, "file"), "content")
	d := k.addFolder("Disk", repository)
	appID, configuration := k.addApp("App", k.addPolicy("P", []string{d.ID}, nil), app)
	kept := []snapshot{k.backup(configuration, "success")[d.ID]}
	password := k.password("Disk")
	interrupted := 0
	for round := range 20 {
		writeRandom(t, filepath.Join(app, "large"), 48<<20)
		id, _ := k.begin(configuration)
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
		children := descendants(k.cmd.Process.Pid)
		k.kill()
		awaitGone(t, children, 15*time.Second)

		k.start()
		j := k.job(id)
		switch j.State {
		case "interrupted":
			interrupted++
			if j.Message == "" || j.Cause != "interrupted" {
				t.Errorf("round %d: %+v says nothing", round, j)
			}
		case "success": // it was over before the kill, or was found complete at the start
			kept = append(kept, k.snapshot(j.SnapshotID))
		default:
			t.Errorf("round %d: after the crash the job is %+v", round, j)
		}
		// An interrupted backup is run again by itself.
		k.quiet()
		if again := k.jobs("kind=backup&limit=1")[0]; again.State != "success" || j.State == "interrupted" && again.Trigger != "recovery" {
			t.Errorf("round %d: the backup after the crash is %+v", round, again)
		} else {
			kept = append(kept, k.snapshot(again.SnapshotID))
		}
	}
	if interrupted < 10 {
		t.Errorf("only %d of 20 backups were met in the middle", interrupted)
	}
	k.quiet()
	last := k.backup(configuration, "success")[d.ID]
	k.quiet()

	wantUnlocked(t, repository, password)
	restic(t, repository, password, "check", "--read-data")
	there := map[string]bool{}
	for _, s := range listed(t, repository, password) {
		there[s.ID] = true
	}
	for _, s := range append(kept, last) {
		if s.Status != "success" || !there[s.ResticID] {
			t.Errorf("snapshot %+v is lost", s)
		}
	}
	for _, s := range k.snapshots(url.Values{"app_id": {appID}}) {
		if s.Status == "in_progress" || s.Restorable != there[s.ResticID] {
			t.Errorf("the list is not honest: %+v", s)
		}
	}
	testbed.Compare(t, app, k.restore(last.ID)+app)
}

// TestStopsWithin15Seconds asks a busy Keepstead to end; stop fails the test when it takes longer.
func TestStopsWithin15Seconds(t *testing.T) {
	t.Parallel()
	k := serve(t)
	repository, app := newFolder(t, "repository"), newFolder(t, "app")
	writeRandom(t, filepath.Join(app, "large"), 256<<20)
	d := k.addFolder("Disk", repository)
	_, configuration := k.addApp("App", k.addPolicy("P", []string{d.ID}, nil), app)
	id, children := k.begin(configuration)
	k.stop()
	awaitGone(t, children, time.Second)
	if code := k.exitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	k.start()
	if j := k.job(id); j.State != "interrupted" {
		t.Errorf("the job is %+v, want interrupted", j)
	}
	k.quiet()
	wantUnlocked(t, repository, k.password("Disk"))
}

func TestCancelIsCleanAndQuick(t *testing.T) {
	t.Parallel()
	k := serve(t)
	repository, app := newFolder(t, "repository"), newFolder(t, "app")
	writeRandom(t, filepath.Join(app, "large"), 256<<20)
	d := k.addFolder("Disk", repository)
	_, configuration := k.addApp("App", k.addPolicy("P", []string{d.ID}, nil), app)
	id, children := k.begin(configuration)
	k.call("POST", "/jobs/"+id+"/cancel", nil, nil)
	if j := k.wait(id); j.State != "cancelled" {
		t.Errorf("the job is %+v, want cancelled", j)
	}
	awaitGone(t, children, time.Second)
	wantUnlocked(t, repository, k.password("Disk"))
	if s := k.snapshots(url.Values{}); len(s) != 1 || s[0].Restorable {
		t.Errorf("snapshots after a cancelled backup: %+v", s)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	k := serve(t)
	second := &keepstead{t: t, data: k.data, env: k.env, output: &journal{}}
	second.launch()
	select {
	case <-second.exited:
	case <-time.After(10 * time.Second):
		second.kill()
		t.Fatal("a second Keepstead runs on the same data")
	}
	if text := second.output.String(); second.exitCode() == 0 || !strings.Contains(text, "already") && !strings.Contains(text, "another") {
		t.Errorf("exit code %d: %s", second.exitCode(), text)
	}
	k.localDevice() // the first one goes on
}

func TestWrongMasterKeyIsToldAtStart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		first, second []string
	}{
		{"other passphrase", []string{"KEEPSTEAD_MASTER_PASSPHRASE=correct horse battery"}, []string{"KEEPSTEAD_MASTER_PASSPHRASE=incorrect horse"}},
		{"file instead of passphrase", []string{"KEEPSTEAD_MASTER_PASSPHRASE=correct horse battery"}, nil},
		{"passphrase instead of file", nil, []string{"KEEPSTEAD_MASTER_PASSPHRASE=correct horse battery"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := serve(t, test.first...)
			k.stop()
			wrong := &keepstead{t: t, data: k.data, env: test.second, output: &journal{}}
			wrong.launch()
			select {
			case <-wrong.exited:
			case <-time.After(10 * time.Second):
				wrong.kill()
				t.Fatal("Keepstead runs with a wrong master key")
			}
			text := strings.ToLower(wrong.output.String())
			if wrong.exitCode() == 0 || !strings.Contains(text, "passphrase") && !strings.Contains(text, "key") {
				t.Errorf("exit code %d: %s", wrong.exitCode(), text)
			}
			k.start() // with the right one it goes on
			k.localDevice()
		})
	}
}

// A signal for the terminal's whole group reaches restic as well; the backup must still end as interrupted.
func TestInterruptFromTheKeyboard(t *testing.T) {
	t.Parallel()
	k := serve(t)
	app := newFolder(t, "app")
	writeRandom(t, filepath.Join(app, "large"), 128<<20)
	d := k.addFolder("Disk", newFolder(t, "repository"))
	_, configuration := k.addApp("App", k.addPolicy("P", []string{d.ID}, nil), app)
	id, children := k.begin(configuration)
	if err := k.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-k.exited:
	case <-time.After(15 * time.Second):
		t.Fatal("Keepstead goes on after SIGINT")
	}
	awaitGone(t, children, time.Second)
	k.start()
	if j := k.job(id); j.State != "interrupted" {
		t.Errorf("the job is %s, want interrupted", fmt.Sprint(j))
	}
}
