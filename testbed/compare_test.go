package testbed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"keepstead/testbed"
)

// recorder counts the failures of a test that is expected to fail.
type recorder struct {
	testing.TB
	failures int
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failures++ }

func TestCompareSeesEveryDifference(t *testing.T) {
	t.Parallel()
	one := filepath.Join(t.TempDir(), "one")
	testbed.NewFiles(t, one)
	for name, change := range map[string]func(dir string) error{
		"nothing": func(string) error { return nil },
		"content": func(dir string) error {
			return keepTime(dir+"/large", func(f string) error { return overwrite(f, "X") })
		},
		"size": func(dir string) error {
			return keepTime(dir+"/large", func(f string) error { return os.Truncate(f, 5) })
		},
		"time":           func(dir string) error { return os.Chtimes(dir+"/empty", time.Now(), time.Now()) },
		"mode":           func(dir string) error { return os.Chmod(dir+"/modes/setuid", 0o755) },
		"link":           func(dir string) error { return relink(dir+"/links/dangling", "elsewhere") },
		"missing file":   func(dir string) error { return os.Remove(dir + "/links/up") },
		"one file more":  func(dir string) error { return os.WriteFile(dir+"/more", nil, 0o600) },
		"hard links cut": func(dir string) error { return uncouple(dir + "/hard/two") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := filepath.Join(t.TempDir(), "other")
			if out, err := exec.Command("cp", "-a", one, other).CombinedOutput(); err != nil {
				t.Fatalf("copy: %v: %s", err, out)
			}
			if err := change(other); err != nil {
				t.Fatal(err)
			}
			r := &recorder{TB: t}
			testbed.Compare(r, one, other)
			if (r.failures == 0) != (name == "nothing") {
				t.Errorf("%d differences found", r.failures)
			}
		})
	}
}

// keepTime changes a file behind the back of its time.
func keepTime(name string, change func(string) error) error {
	info, err := os.Stat(name)
	if err == nil {
		err = change(name)
	}
	if err == nil {
		err = os.Chtimes(name, info.ModTime(), info.ModTime())
	}
	return err
}

func overwrite(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte(text), 1<<20); err != nil {
		return err
	}
	return f.Close()
}

func relink(name, target string) error {
	if err := os.Remove(name); err != nil {
		return err
	}
	return os.Symlink(target, name)
}

// uncouple makes a hard link a file of its own, alike in all but that.
func uncouple(name string) error {
	return exec.Command("sh", "-c", `cp -a "$1" "$1.new" && mv "$1.new" "$1"`, "sh", name).Run()
}

func TestRepositoriesAreApart(t *testing.T) {
	t.Parallel()
	one, _ := testbed.Repository(t)
	two, _ := testbed.Repository(t)
	if err := os.Remove(filepath.Join(one, "config")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(two, "config")); err != nil {
		t.Error(err)
	}
}
