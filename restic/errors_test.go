package restic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/testbed"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		bend func(t *testing.T, r *restic.Repo)
		want error
		code int
		says string
	}{
		{"no repository", func(t *testing.T, r *restic.Repo) { r.URL = t.TempDir() }, restic.ErrNoRepo, 10, "does not exist"},
		{"wrong password", func(_ *testing.T, r *restic.Repo) { r.Password = "another" }, restic.ErrWrongPassword, 12, "wrong password"},
		{"truncated config", func(t *testing.T, r *restic.Repo) {
			check(t, os.Chmod(r.URL+"/config", 0o600))
			check(t, os.Truncate(r.URL+"/config", 10))
		}, restic.ErrDamaged, 2, "restic snapshots: panic: runtime error"},
		{"nobody listens", func(_ *testing.T, r *restic.Repo) { r.URL = "rest:http://127.0.0.1:1/" }, restic.ErrUnreachable, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			c.bend(t, &r)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			_, err := r.Snapshots(ctx, restic.SnapshotFilter{})
			var failed *restic.Error
			if !errors.Is(err, c.want) || !errors.As(err, &failed) || c.code != 0 && failed.Code != c.code {
				t.Fatalf("got %#v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error()+failed.Stderr, c.says) {
				t.Errorf("it says %q, stderr %q", err, failed.Stderr)
			}
		})
	}
}

func TestLockedRepository(t *testing.T) {
	t.Parallel()
	r, source := newRepo(t), write(t, filepath.Join(t.TempDir(), "file"), "x")
	lock(t, r)
	locks, err := r.Locks(t.Context())
	check(t, err)
	if len(locks) != 1 || !locks[0].Exclusive || locks[0].PID == 0 || locks[0].Hostname == "" || len(locks[0].ID) != 64 || time.Since(locks[0].Time) > time.Hour {
		t.Fatalf("locks are %+v", locks)
	}
	s, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{source}}, nil)
	if !errors.Is(err, restic.ErrLocked) || s.SnapshotID != "" {
		t.Errorf("backup: %v", err)
	}
	if sum, err := r.Check(t.Context(), restic.CheckOptions{}); !errors.Is(err, restic.ErrLocked) || errors.Is(err, restic.ErrDamaged) {
		t.Errorf("check says %+v, %v", sum, err)
	}
	if _, err := r.Snapshots(t.Context(), restic.SnapshotFilter{}); err != nil {
		t.Errorf("reading needs no lock: %v", err)
	}
	if err := r.Prune(t.Context(), nil); !errors.Is(err, restic.ErrLocked) || !strings.Contains(err.Error(), "already locked exclusively") {
		t.Errorf("prune says %v", err)
	}
	check(t, r.Unlock(t.Context())) // its process is dead
	if locks, err := r.Locks(t.Context()); err != nil || len(locks) != 0 {
		t.Errorf("after unlock: %v, %v", locks, err)
	}
}

// lock leaves an exclusive lock behind, as a prune that was killed does.
func lock(t *testing.T, r restic.Repo) {
	t.Helper()
	var pid atomic.Int64
	r.OnStart = func(p device.Process) error { pid.Store(int64(p.PID)); return nil }
	r.Host = stopper{r.Host, func() { waitForLock(t, r.URL); _ = syscall.Kill(int(pid.Load()), syscall.SIGKILL) }}
	if err := r.Prune(t.Context(), nil); !errors.Is(err, restic.ErrInterrupted) {
		t.Fatalf("the killed prune ended with %v", err)
	}
}

// stopper calls stop beside every run.
type stopper struct {
	device.Host
	stop func()
}

func (s stopper) Run(ctx context.Context, c device.Cmd) error {
	done := make(chan struct{})
	go func() { defer close(done); s.stop() }()
	defer func() { <-done }()
	return s.Host.Run(ctx, c)
}

func waitForLock(t *testing.T, dir string) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if entries, err := os.ReadDir(filepath.Join(dir, "locks")); err == nil {
			for _, e := range entries {
				if !strings.Contains(e.Name(), "-tmp-") {
					return
				}
			}
		}
	}
	t.Error("no lock was taken")
}

func TestCancelledBackupLeavesNoLock(t *testing.T) {
	t.Parallel()
	r, source := newRepo(t), t.TempDir()
	write(t, filepath.Join(source, "large"), strings.Repeat("x", 4<<20))
	check(t, syscall.Mkfifo(filepath.Join(source, "z"), 0o600))
	stop := errors.New("a person pressed stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r.Host = stopper{r.Host, func() { waitForLock(t, r.URL); cancel(stop) }}
	_, err := r.Backup(ctx, restic.BackupOptions{Host: "home", Paths: []string{source}}, nil)
	var failed *restic.Error
	if !errors.Is(err, restic.ErrInterrupted) || !errors.Is(err, stop) || !errors.As(err, &failed) || failed.Code != 130 {
		t.Errorf("error is %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(r.URL, "locks")); err != nil || len(entries) != 0 {
		t.Errorf("locks left: %v, %v", entries, err)
	}
	if entries, err := os.ReadDir(r.RunDir); err != nil || len(entries) != 0 {
		t.Errorf("left in the run folder: %v, %v", entries, err)
	}
}

func TestFullRepositoryDisk(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	small := filepath.Join(testbed.SmallDisk(t, 2<<20), "repository")
	check(t, os.CopyFS(small, os.DirFS(r.URL)))
	r.URL = small
	source := t.TempDir()
	for i := range 4 {
		write(t, filepath.Join(source, fmt.Sprint(i)), string(random(t, 1<<20)))
	}
	_, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{source}}, nil)
	if !errors.Is(err, restic.ErrDiskFull) {
		t.Errorf("error is %v", err)
	}
}

func TestErrorsPrintNoSecrets(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.SecretKey, r.AccessKey = "verySecretKey", "accessKeyID"
	r.Options = []string{"local.connections=verySecretKey"}
	_, err := r.Config(t.Context())
	var failed *restic.Error
	if !errors.As(err, &failed) || !strings.Contains(failed.Message, "[sealed]") {
		t.Fatalf("error is %v", err)
	}
	told, _ := json.Marshal(failed)
	for _, text := range []string{err.Error(), string(told), r.String(), fmt.Sprintf("%+v %#v %v", failed, r, r)} {
		if strings.Contains(text, r.SecretKey) || strings.Contains(text, r.Password) {
			t.Errorf("a secret is in %q", text)
		}
	}
}

func TestOptionsAreNotSplit(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Options = []string{"s3.region=a,b \"c\""}
	if _, err := r.Config(t.Context()); err != nil {
		t.Errorf("an option with a comma: %v", err)
	}
	r.Options = nil
	r.Password = ""
	if _, err := r.Config(t.Context()); err == nil || errors.Is(err, model.ErrNotFound) {
		t.Errorf("without a password: %v", err)
	}
}
