package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// LeaveLock has a restic begin a backup into the repository in a folder and kills it, so that its lock stays. It returns
// the lock's id and the number of the process. host is the name of the machine that the lock tells; empty is this one's.
func LeaveLock(t testing.TB, repository, password, host string) (id string, pid int) {
	t.Helper()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "never.fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatalf("make a source that never ends: %v", err)
	}
	args := []string{Restic(t), "backup", "--stdin-from-command", "--", "cat", fifo}
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if host != "" {
		if os.Geteuid() != 0 {
			Missing(t, "only root gives a process another host name; run the tests as root.")
		}
		args = append([]string{"sh", "-c", `hostname "$0" && exec "$@"`, host}, args...)
		attr.Cloneflags = syscall.CLONE_NEWUTS
	}
	before := locksIn(t, repository)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = attr
	cmd.Env = []string{"PATH=/usr/bin:/bin", "RESTIC_REPOSITORY=" + repository, "RESTIC_PASSWORD=" + password, "RESTIC_CACHE_DIR=" + dir}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start restic: %v", err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for lock := range locksIn(t, repository) {
			if !before[lock] {
				return lock, cmd.Process.Pid
			}
		}
	}
	t.Fatal("restic took no lock within a minute")
	return "", 0
}

// locksIn are the locks of a repository, without those that restic is still writing.
func locksIn(t testing.TB, repository string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(repository, "locks"))
	if err != nil {
		t.Fatalf("list the locks: %v", err)
	}
	out := map[string]bool{}
	for _, e := range entries {
		if !strings.Contains(e.Name(), "-tmp-") {
			out[e.Name()] = true
		}
	}
	return out
}
