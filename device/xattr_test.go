package device_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"keepstead/testbed"
)

func xattrs(t *testing.T, b bed) {
	files, err := b.open(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(b.dir(t), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"user.one": "a\x00b", "user.empty": ""}
	for attr, value := range want {
		if err := files.SetXattr(name, attr, []byte(value)); errors.Is(err, unix.ENOTSUP) {
			testbed.Missing(t, "The file system of the tests knows no extended attributes; set TMPDIR to one that does.")
		} else if err != nil {
			t.Fatal(err)
		}
	}
	got, err := files.Xattrs(name)
	if err != nil {
		t.Fatal(err)
	}
	for attr, value := range want {
		if found, there := got[attr]; !there || string(found) != value {
			t.Errorf("%s is %q (%v), want %q", attr, found, there, value)
		}
	}
	for range 2 { // removing what is gone is no error
		if err := files.SetXattr(name, "user.one", nil); err != nil {
			t.Error(err)
		}
	}
	if got, err = files.Xattrs(name); err != nil || got["user.one"] != nil || got["user.empty"] == nil {
		t.Errorf("after the removal: %v, %v", got, err)
	}
	if _, err := files.Xattrs(name + "-gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
}
