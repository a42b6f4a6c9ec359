package device_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func writeFile(t *testing.T, b bed) {
	files, err := b.open(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := b.dir(t)
	name := filepath.Join(dir, "file")
	for _, content := range []string{"old and long", "new"} {
		if err := files.WriteFile(name, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		got, err := files.ReadFile(name)
		info, statErr := files.Lstat(name)
		if err != nil || statErr != nil || string(got) != content || info.Mode() != 0o640 {
			t.Errorf("read %q, %v, %v", got, err, statErr)
		}
	}
	if err := files.WriteFile(filepath.Join(dir, "no", "folder"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := files.WriteFile(filepath.Join(dir, "taken"), []byte("x"), 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, err := files.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}

func resolve(t *testing.T, b bed) {
	files, err := b.open(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(b.dir(t))
	if err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link": "real", "dangling": "nowhere", "loop": "loop", "up": ".."} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want string }{
		{dir + "/real", dir + "/real"},
		{dir + "/link", dir + "/real"},
		{dir + "/link/new/deeper", dir + "/real/new/deeper"},
		{dir + "/real/../link/x", dir + "/real/x"},
		{dir + "/up/x", filepath.Dir(dir) + "/x"},
		{dir + "/dangling", ""},
		{dir + "/dangling/x", ""},
		{dir + "/loop/x", ""},
		{"relative", ""},
		{"/", "/"},
	} {
		got, err := files.Resolve(c.in)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s resolves to %q, %v, want %q", c.in, got, err, c.want)
		}
	}
}

func spaceAndWritable(t *testing.T, b bed) {
	files, err := b.open(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := b.dir(t)
	for _, name := range []string{dir, filepath.Join(dir, "not", "there", "yet")} {
		if free, err := files.Space(name); err != nil || free <= 0 {
			t.Errorf("space of %s: %d, %v", name, free, err)
		}
	}
	if free, err := files.Space("/proc"); err != nil || free != 0 {
		t.Errorf("space of /proc: %d, %v", free, err)
	}
	if err := files.Writable(dir); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "file")
	if err := files.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		file: syscall.ENOTDIR, filepath.Join(dir, "nothing"): fs.ErrNotExist,
	} {
		if err := files.Writable(name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}
