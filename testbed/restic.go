package testbed

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
)

// Password opens every repository that Repository makes.
const Password = "testbedPassword0123456789"

// Restic returns the path of the restic program: $KEEPSTEAD_RESTIC, or bin/restic.
func Restic(t testing.TB) string {
	t.Helper()
	if name := os.Getenv("KEEPSTEAD_RESTIC"); name != "" {
		return name
	}
	return Binary(t, "restic")
}

// repository is made once in a test process and kept in memory: making one costs seconds, copying one nothing.
var repository struct {
	once  sync.Once
	files fstest.MapFS
	err   error
}

// Repository returns the folder of a fresh repository of the test's own, and the password that opens it.
func Repository(t testing.TB) (dir, password string) {
	t.Helper()
	bin := Restic(t)
	repository.once.Do(func() { repository.files, repository.err = makeRepository(bin) })
	if repository.err != nil {
		t.Fatalf("make the repository to copy: %v", repository.err)
	}
	dir = filepath.Join(t.TempDir(), "repository")
	if err := os.CopyFS(dir, repository.files); err != nil {
		t.Fatalf("copy the repository: %v", err)
	}
	return dir, Password
}

func makeRepository(bin string) (fstest.MapFS, error) {
	dir, err := os.MkdirTemp("", "keepstead-testbed-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.Command(bin, "init", "--no-cache")
	cmd.Env = []string{"RESTIC_REPOSITORY=" + dir, "RESTIC_PASSWORD=" + Password}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	files := fstest.MapFS{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		file := &fstest.MapFile{Mode: fs.ModeDir | 0o700}
		if !entry.IsDir() {
			file.Mode = 0o600
			file.Data, err = os.ReadFile(filepath.Join(dir, name))
		}
		files[name] = file
		return err
	})
	return files, err
}

// SmallDisk returns a folder on a file system of its own with room for size bytes.
func SmallDisk(t testing.TB, size int) string {
	t.Helper()
	dir := t.TempDir()
	options := fmt.Sprintf("size=%d,mode=0700,uid=%d,gid=%d", size, os.Getuid(), os.Getgid())
	for _, sudo := range [][]string{nil, {"sudo", "-n"}} {
		mount := append(append([]string{}, sudo...), "mount", "-t", "tmpfs", "-o", options, "none", dir)
		if exec.Command(mount[0], mount[1:]...).Run() != nil {
			continue
		}
		t.Cleanup(func() {
			umount := append(append([]string{}, sudo...), "umount", "-l", dir)
			if out, err := exec.Command(umount[0], umount[1:]...).CombinedOutput(); err != nil {
				t.Errorf("unmount the small disk: %v: %s", err, out)
			}
		})
		return dir
	}
	Missing(t, "A small file system cannot be mounted here; run the tests as root or with a sudo that does not ask.")
	return ""
}
