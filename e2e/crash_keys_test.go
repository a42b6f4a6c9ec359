package e2e

import (
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// TestKilledInTheMiddleOfARotation kills Keepstead again and again while it gives a repository a new password. The password in
// the database opens it after each kill, and once the next start has gone on there is one key again, for a new password.
func TestKilledInTheMiddleOfARotation(t *testing.T) {
	t.Parallel()
	k := serve(t)
	repository, app := newFolder(t, "repository"), newFolder(t, "app")
	writeFile(t, filepath.Join(app, "file"), "content")
	d := k.addFolder("Disk", repository)
	_, configuration := k.addApp("App", k.addPolicy("P", []string{d.ID}, nil), app)
	k.backup(configuration, "success")
	k.quiet()
	interrupted := 0
	for round := range 6 {
		before := k.password("Disk")
		var j job
		k.call("POST", "/backup/destinations/"+d.ID+"/keys/rotate", nil, &j)
		k.awaitRunning("rotate")
		time.Sleep(time.Duration(rand.IntN(2500)) * time.Millisecond)
		children := descendants(k.cmd.Process.Pid)
		k.kill()
		awaitGone(t, children, 15*time.Second)
		restic(t, repository, k.password("Disk"), "cat", "config", "--no-lock")

		k.start()
		k.quiet()
		state := k.job(j.ID).State
		if !slices.Contains([]string{"interrupted", "success"}, state) {
			t.Errorf("round %d: the job is %s", round, state)
		}
		if state == "interrupted" {
			interrupted++
		}
		password := k.password("Disk")
		keys := strings.Count(string(restic(t, repository, password, "key", "list", "--json", "--no-lock")), `"id"`)
		if keys != 1 || password != before && opens(t, repository, before) {
			t.Errorf("round %d: %d keys, a new password %t, and the old one opens %t", round, keys, password != before, opens(t, repository, before))
		}
	}
	if interrupted == 0 {
		t.Error("no rotation was met in the middle")
	}
	k.backup(configuration, "success")
	k.quiet()
	restic(t, repository, k.password("Disk"), "check")
}

// opens says whether a password opens a repository.
func opens(t testing.TB, repository, password string) bool {
	t.Helper()
	cmd := exec.Command(testbed.Restic(t), "cat", "config", "--no-lock", "--no-cache")
	cmd.Env = []string{"RESTIC_REPOSITORY=" + repository, "RESTIC_PASSWORD=" + password}
	return cmd.Run() == nil
}
