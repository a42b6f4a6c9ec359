package jobs

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/testbed"
)

// dying fails every change after a number of them, as a machine that loses its power does.
type dying struct {
	device.Files
	left *int
}

var errPower = errors.New("the power is gone")

func (d dying) spend() error {
	if *d.left == 0 {
		return errPower
	}
	*d.left--
	return nil
}

func (d dying) Rename(from, to string) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.Files.Rename(from, to)
}

func (d dying) RemoveAll(name string) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.Files.RemoveAll(name)
}

func (d dying) WriteFile(name string, data []byte, perm fs.FileMode) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.Files.WriteFile(name, data, perm)
}

func (d dying) Remove(name string) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.Files.Remove(name)
}

func (d dying) MkdirAll(name string, perm fs.FileMode) error {
	if err := d.spend(); err != nil {
		return err
	}
	return d.Files.MkdirAll(name, perm)
}

// A crash at any single change, while content is set aside, while the restore writes, or while it is put back, leaves
// the present content whole after the next try.
func TestAsideSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	local := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = local.Close() })
	real, err := local.Files()
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]string{"a": "old a", "b": "old b", "dir/c": "old c", ".hidden": "old h", "kept/deep/k": "kept", "kept/other": "old o"}
	restored := map[string]string{"a": "new a", "kept/other": "new o", "kept/new": "n", "dir/c": "new c", "only-new": "n"}
	for steps := 0; ; steps++ {
		dir := filepath.Join(t.TempDir(), "data")
		lay(t, dir, before)
		left := steps
		weak := dying{Files: real, left: &left}
		aside, inside := asidesOf(dir, uuid.New(), 1)
		_, err := reachesBeside(weak, aside, inside)
		if err == nil {
			err = setAside(weak, dir, aside, "kept/deep")
		}
		if err == nil {
			if got, want := tree(t, dir), map[string]string{"kept/deep/k": "kept"}; !equalTrees(got, want) {
				t.Fatalf("set aside but for what is kept, there is %v", got)
			}
			lay(t, dir, restored)
			must(t, os.Chmod(dir, 0o711))
			must(t, os.Chmod(filepath.Join(dir, "kept"), 0o711))
			err = putBack(weak, dir, aside)
		}
		if err != nil && !errors.Is(err, errPower) {
			t.Fatalf("after %d changes: %v", steps, err)
		}
		if again := putBack(real, dir, aside); again != nil {
			t.Fatalf("after %d changes, the next try: %v", steps, again)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Fatalf("after %d changes the folder's mode is %v, %v", steps, info.Mode(), err)
		}
		if info, err := os.Stat(filepath.Join(dir, "kept")); err != nil || info.Mode().Perm() != 0o755 {
			t.Fatalf("after %d changes the mode of a folder around what is kept is %v, %v", steps, info.Mode(), err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, asidePrefix+"*")); err != nil || len(left) > 0 {
			t.Fatalf("a crash after %d changes left %v", steps, left)
		}
		if got := tree(t, dir); !equalTrees(got, before) {
			t.Fatalf("a crash after %d changes left %v, want %v", steps, got, before)
		}
		if err == nil {
			if steps < 10 {
				t.Fatalf("only %d changes were tried", steps)
			}
			return
		}
	}
}

func TestAsideOfASingleFile(t *testing.T) {
	t.Parallel()
	local := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = local.Close() })
	files, err := local.Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lay(t, dir, map[string]string{"app.conf": "old", "other": "untouched"})
	target := filepath.Join(dir, "app.conf")
	aside, _ := asidesOf(target, uuid.New(), 1)
	if err := setAside(files, target, aside); err != nil {
		t.Fatal(err)
	}
	lay(t, dir, map[string]string{"app.conf": "new"})
	for range 2 { // it may be repeated
		if err := putBack(files, target, aside); err != nil {
			t.Fatal(err)
		}
		if got, want := tree(t, dir), map[string]string{"app.conf": "old", "other": "untouched"}; !equalTrees(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// A file that was not there before is gone again.
func TestAsideOfAFileThatWasNotThere(t *testing.T) {
	t.Parallel()
	local := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = local.Close() })
	files, err := local.Files()
	must(t, err)
	dir := t.TempDir()
	target := filepath.Join(dir, "app.conf")
	aside, _ := asidesOf(target, uuid.New(), 1)
	must(t, setAside(files, target, aside))
	lay(t, dir, map[string]string{"app.conf": "new"})
	must(t, putBack(files, target, aside))
	if got := tree(t, dir); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
}

// Where the folder is a file system of its own, its content is set aside inside it.
func TestAsideInsideAFileSystem(t *testing.T) {
	t.Parallel()
	local := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = local.Close() })
	files, err := local.Files()
	must(t, err)
	dir := testbed.SmallDisk(t, 1<<20)
	before := map[string]string{"a": "old", "dir/b": "old"}
	lay(t, dir, before)
	beside, aside := asidesOf(dir, uuid.New(), 1)
	if ok, err := reachesBeside(files, beside, aside); ok || err != nil {
		t.Fatalf("content would leave its file system: %v, %v", ok, err)
	}
	must(t, setAside(files, dir, aside))
	lay(t, dir, map[string]string{"a": "new", "new": "new"})
	must(t, putBack(files, dir, aside))
	if got := tree(t, dir); !equalTrees(got, before) {
		t.Errorf("put back %v, want %v", got, before)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lay(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		name, _ := filepath.Rel(dir, p)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func equalTrees(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
