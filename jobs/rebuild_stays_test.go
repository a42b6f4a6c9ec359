package jobs

import (
	"os"
	"path/filepath"
	"testing"

	"keepstead/device"
	"keepstead/model"
)

func TestStaysIn(t *testing.T) {
	t.Parallel()
	files, err := (&device.Local{}).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, away := filepath.Join(dir, "v", "root"), filepath.Join(dir, "away")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(root, "sub"), 0o700), os.MkdirAll(filepath.Join(away, "sub"), 0o700),
		os.Symlink(away, filepath.Join(root, "out")), os.Symlink("sub", filepath.Join(root, "in")),
		os.Symlink(filepath.Join(away, "keys"), filepath.Join(root, "file")),
		os.Symlink(filepath.Join(dir, "v"), filepath.Join(dir, "w")), os.Symlink(away, filepath.Join(dir, "v", "swapped")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		root, to string
		ok       bool
	}{
		"the root":                {root, root, true},
		"a new file":              {root, root + "/new", true},
		"below":                   {root, root + "/sub/new", true},
		"a link inside":           {root, root + "/in/new", true},
		"folders not there":       {root, root + "/a/b/new", true},
		"a root not there":        {dir + "/no/root", dir + "/no/root", true},
		"a link out":              {root, root + "/out/new", false},
		"a link out and below":    {root, root + "/out/sub/new", false},
		"the file is a link":      {root, root + "/file", false},
		"dots":                    {root, root + "/../new", false},
		"the root is a link":      {dir + "/v/swapped", dir + "/v/swapped/new", false},
		"the root alone, a link":  {dir + "/v/swapped", dir + "/v/swapped", false},
		"a link above the root":   {dir + "/w/root", dir + "/w/root/new", false},
		"a link above, root only": {dir + "/w/root", dir + "/w/root", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := staysIn(files, tt.root, tt.to); (err == nil) != tt.ok {
				t.Errorf("%s in %s: %v", tt.to, tt.root, err)
			}
		})
	}
}

func TestRemoveMade(t *testing.T) {
	t.Parallel()
	files, err := (&device.Local{}).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"full/other", "leaf/data", "empty"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		aside string
		stays bool
	}{"full": {aroundOnly, true}, "empty": {aroundOnly, false}, "gone": {aroundOnly, false}, "leaf": {"", false}} {
		if err := removeMade(files, model.Undo{Target: filepath.Join(dir, name), Aside: tt.aside}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != tt.stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}
