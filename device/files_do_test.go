package device_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"keepstead/device"
)

// filesDo holds that files of every machine behave alike, odd names and errors included.
func filesDo(t *testing.T, b bed) {
	files, err := b.open(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	top := b.dir(t)
	dir := filepath.Join(top, "a", "b \xff\n'")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wants := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("error is %v, want %v", err, want)
		}
	}
	for range 2 {
		must(files.MkdirAll(dir, 0o750))
	}
	if info, err := files.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o750 {
		t.Errorf("the folder is %v, %v", info, err)
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	name := filepath.Join(dir, "file")
	made, err := files.Create(name, 0o640)
	must(err)
	_, err = io.Copy(made, bytes.NewReader(data))
	must(errors.Join(err, made.Sync(), made.Close()))
	_, err = files.Create(name, 0o600)
	wants(err, fs.ErrExist)
	wants(files.MkdirAll(filepath.Join(name, "below"), 0o700), syscall.ENOTDIR)
	_, err = files.Open(name + "-gone")
	wants(err, fs.ErrNotExist)
	wants(files.Remove(name+"-gone"), fs.ErrNotExist)
	wants(files.Remove(dir), syscall.ENOTEMPTY)

	f, err := files.Open(name)
	must(err)
	part := make([]byte, 100_000)
	if n, err := f.ReadAt(part, 7); err != nil || !bytes.Equal(part[:n], data[7:100_007]) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if n, err := f.ReadAt(part, int64(len(data))-5); !errors.Is(err, io.EOF) || n != 5 {
		t.Errorf("at the end read %d bytes, %v", n, err)
	}
	if at, err := f.Seek(-16, io.SeekEnd); err != nil || at != int64(len(data))-16 {
		t.Errorf("sought %d, %v", at, err)
	}
	if rest, err := io.ReadAll(f); err != nil || string(rest) != "0123456789abcdef" {
		t.Errorf("the rest is %q, %v", rest, err)
	}
	must(f.Close())

	for _, mode := range []fs.FileMode{0o4711, 0o600} {
		want := mode.Perm()
		if mode&0o4000 != 0 {
			want |= fs.ModeSetuid
		}
		must(files.Chmod(name, want))
		if info, err := files.Lstat(name); err != nil || info.Mode() != want || info.Size() != int64(len(data)) {
			t.Errorf("the file is %v, %v", info.Mode(), err)
		}
	}
	must(os.Symlink("nowhere", filepath.Join(dir, "link")))
	for _, name := range []string{name, filepath.Join(dir, "link")} {
		must(files.Lchown(name, 12345, 54321))
		info, err := files.Lstat(name)
		must(err)
		if uid, gid, ok := device.Owner(info); uid != 12345 || gid != 54321 || !ok {
			t.Errorf("%q is of %d:%d, %t", name, uid, gid, ok)
		}
	}
	must(files.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	must(files.Rename(name, filepath.Join(dir, "empty"))) // it replaces
	var names []string
	entries, err := files.ReadDir(dir)
	must(err)
	for _, e := range entries {
		names = append(names, e.Name()+":"+e.Type().String())
	}
	if got := strings.Join(names, " "); got != "empty:---------- link:L---------" {
		t.Errorf("the folder holds %s", got)
	}
	if text, err := files.ReadFile("/proc/self/stat"); err != nil || len(text) == 0 { // says that it is empty
		t.Errorf("read %q, %v", text, err)
	}
	for range 2 {
		must(files.RemoveAll(filepath.Join(top, "a")))
	}
	if _, err := os.Lstat(filepath.Join(top, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left: %v", err)
	}
}
