package restic_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/restic"
	"keepstead/testbed"
)

func TestBackupFindsItsParentByTag(t *testing.T) {
	t.Parallel()
	r, dir := newRepo(t), t.TempDir()
	for i := range 5 {
		write(t, filepath.Join(dir, "one", fmt.Sprint(i)), "content")
	}
	write(t, filepath.Join(dir, "two", "new"), "content")
	o := restic.BackupOptions{Host: "home", Tags: []string{"keepstead", "config:1"}, Paths: []string{filepath.Join(dir, "one")}}
	if _, err := r.Backup(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	o.Paths = append(o.Paths, filepath.Join(dir, "two")) // the paths change, the parent stays
	s, err := r.Backup(t.Context(), o, nil)
	if err != nil || s.FilesUnmodified != 5 || s.FilesNew != 1 {
		t.Errorf("with another path: %+v, %v", s, err)
	}
	o.Tags = []string{"keepstead", "config:2"}
	s, err = r.Backup(t.Context(), o, nil)
	if err != nil || s.FilesUnmodified != 0 || s.FilesNew != 6 {
		t.Errorf("with another tag: %+v, %v", s, err)
	}
}

func TestBackupOptions(t *testing.T) {
	t.Parallel()
	r, dir := newRepo(t), t.TempDir()
	for _, name := range []string{"keep", "a.tmp", "cache/CACHEDIR.TAG", "cache/file", "odd [x]/file"} {
		content := "content"
		if strings.HasSuffix(name, ".TAG") {
			content = "Signature: 8a477f597d28d172789f06886806bc55"
		}
		write(t, filepath.Join(dir, name), content)
	}
	when := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	s, err := r.Backup(t.Context(), restic.BackupOptions{
		Host: "home", Paths: []string{dir}, Excludes: []string{"*.tmp", dir + `/odd \[x\]`}, ExcludeCaches: true,
		OneFileSystem: true, Time: when,
	}, nil)
	check(t, err)
	var names []string
	for p := range list(t.Context(), t, r, s.SnapshotID, dir, true) {
		names = append(names, strings.TrimPrefix(p, dir+"/"))
	}
	slices.Sort(names)
	if want := []string{"cache", "cache/CACHEDIR.TAG", "keep"}; !slices.Equal(names, want) {
		t.Errorf("saved %q, want %q", names, want)
	}
	all, err := r.Snapshots(t.Context(), restic.SnapshotFilter{})
	if err != nil || !all[0].Time.Equal(when) {
		t.Errorf("snapshots %+v, %v", all, err)
	}
}

func TestBackupRefusesOddRequests(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for name, o := range map[string]restic.BackupOptions{
		"no path":       {Host: "home"},
		"relative path": {Host: "home", Paths: []string{"srv"}},
		"NUL in a path": {Host: "home", Paths: []string{"/srv\x00x"}},
		"comma in tag":  {Host: "home", Paths: []string{"/srv"}, Tags: []string{"a,b"}},
		"empty tag":     {Host: "home", Paths: []string{"/srv"}, Tags: []string{""}},
		"no host":       {Paths: []string{"/srv"}},
	} {
		if _, err := r.Backup(t.Context(), o, nil); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if s, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{"/not/there"}}, nil); err == nil || errors.Is(err, restic.ErrIncomplete) || s.SnapshotID != "" {
		t.Errorf("nothing to save: %+v, %v", s, err)
	}
}

func TestIncompleteBackup(t *testing.T) {
	t.Parallel()
	r, dir := newRepo(t), t.TempDir()
	write(t, filepath.Join(dir, "fine"), "x")
	s, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{dir, dir + "/not\nthere", unreadable(t)}}, nil)
	var failed *restic.Error
	if !errors.Is(err, restic.ErrIncomplete) || !errors.As(err, &failed) || failed.Code != 3 {
		t.Fatalf("error is %v", err)
	}
	if len(s.SnapshotID) != 64 || s.TotalFiles < 1 {
		t.Errorf("summary is %+v", s)
	}
	if s.FailedCount < 2 || len(s.Failed) != s.FailedCount {
		t.Errorf("failed files are %+v", s.Failed)
	}
}

// unreadable returns a file that not even root can read.
func unreadable(t *testing.T) string {
	t.Helper()
	if os.Getuid() == 0 {
		return fmt.Sprintf("/proc/%d/mem", os.Getpid())
	}
	name := write(t, filepath.Join(t.TempDir(), "closed"), "x")
	check(t, os.Chmod(name, 0))
	return name
}

// TestSecretsAndEnvironment looks at the very process that runs restic.
func TestSecretsAndEnvironment(t *testing.T) {
	t.Setenv("RESTIC_PASSWORD", "fromTheParent")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "fromTheParent")
	t.Setenv("HOME", "/fromTheParent")
	r, source := newRepo(t), t.TempDir()
	write(t, filepath.Join(source, "large"), string(random(t, 8<<20)))
	r.AccessKey, r.SecretKey, r.CACert = "accessKeyID0", "verySecretKey", testbed.NewAuthority(t).PEM
	var pid atomic.Int64
	r.OnStart = func(p device.Process) error { pid.Store(int64(p.PID)); return nil }
	var cmdline, environ []byte
	r.Host = stopper{r.Host, func() {
		waitForLock(t, r.URL)
		cmdline, _ = os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid.Load()))
		environ, _ = os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid.Load()))
	}}
	_, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{source}}, nil)
	check(t, err)
	if !bytes.Contains(cmdline, []byte("backup")) || len(environ) == 0 {
		t.Fatalf("cmdline %q, environ %q", cmdline, environ)
	}
	for _, secret := range []string{r.Password, r.SecretKey, r.AccessKey, "fromTheParent"} {
		if bytes.Contains(cmdline, []byte(secret)) || bytes.Contains(environ, []byte(secret)) {
			t.Errorf("%q is visible", secret)
		}
	}
	var names []string
	for pair := range strings.SplitSeq(strings.Trim(string(environ), "\x00"), "\x00") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		"AWS_SHARED_CREDENTIALS_FILE", "RESTIC_CACERT", "RESTIC_CACHE_DIR", "RESTIC_PASSWORD_FILE", "RESTIC_PROGRESS_FPS",
		"RESTIC_REPOSITORY", "TMPDIR",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the environment has %q, want %q", names, want)
	}
}

func TestTornCacheIsMended(t *testing.T) {
	t.Parallel()
	r, source := newRepo(t), write(t, filepath.Join(t.TempDir(), "file"), "x")
	backup(t, r, source)
	versions, err := filepath.Glob(filepath.Join(r.CacheDir, "*", "version"))
	if err != nil || len(versions) != 1 {
		t.Fatalf("version files: %v, %v", versions, err)
	}
	check(t, os.Truncate(versions[0], 0)) // as a run leaves it that was killed in the wrong moment
	backup(t, r, source)
	if content, err := os.ReadFile(versions[0]); err != nil || len(content) == 0 {
		t.Errorf("the version is %q, %v", content, err)
	}
}

func TestLogOfARun(t *testing.T) {
	t.Parallel()
	r, dir := newRepo(t), t.TempDir()
	var log bytes.Buffer
	r.Log = &log
	_, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Paths: []string{dir, "/not/there"}}, nil)
	if !errors.Is(err, restic.ErrIncomplete) || !strings.Contains(log.String(), "/not/there does not exist, skipping\n") {
		t.Errorf("log is %q, %v", log.String(), err)
	}
}

func TestCancelledBeforeTheStart(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Config(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
