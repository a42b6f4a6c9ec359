package restic_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/restic"
)

// oddPlaces makes a folder with files whose names are hard to ask for, and returns what they hold by their path.
func oddPlaces(t *testing.T) (root string, files map[string]string) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "odd")
	files = map[string]string{}
	for name, content := range map[string]string{
		"-plain": "plain", "quo\"te\n[*\\": "much at once", "bad\xff/in\xfe": "bytes", "really\uFFFD": "the character itself", "twin\xf0": "one", "twin\xf1": "two",
	} {
		files[write(t, filepath.Join(root, name), content)] = content
	}
	check(t, os.Symlink("-plain", filepath.Join(root, "link")))
	return root, files
}

// asShown is a path as restic's JSON has it.
func asShown(p string) string { return string([]rune(p)) }

func testNodes(t *testing.T, r restic.Repo, snapshot, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		n, raw, err := r.Node(t.Context(), snapshot, asShown(name))
		if strings.Contains(name, "twin") {
			if !errors.As(err, &model.Conflict{}) {
				t.Errorf("%q, which looks like another: %v", name, err)
			}
			continue
		}
		if err != nil || raw != name || n.Path != asShown(name) || n.Type != "file" || n.Size != int64(len(content)) {
			t.Errorf("node %q is %+v at %q, %v", name, n, raw, err)
			continue
		}
		var out bytes.Buffer
		if err := r.Dump(t.Context(), snapshot, raw, "", &out); err != nil || out.String() != content {
			t.Errorf("dump %q: %q, %v", name, out.String(), err)
		}
	}
	for name, kind := range map[string]string{"/": "dir", root: "dir", root + "/link": "symlink"} { // the first asks nobody
		if n, _, err := r.Node(t.Context(), snapshot, name); err != nil || n.Type != kind {
			t.Errorf("node %q is %+v, %v", name, n, err)
		}
	}
	for _, name := range []string{root + "/nothing/below", root + "/no\uFFFD"} {
		if _, _, err := r.Node(t.Context(), snapshot, name); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("node %q: %v", name, err)
		}
	}
	if e, err := r.Entry(t.Context(), snapshot, filepath.Join(root, "quo\"te\n[*\\")); err != nil || e.Type != "file" {
		t.Errorf("entry of an odd name: %+v, %v", e, err)
	}
}

// TestNodeAndArchives asks for odd names, and reads back what a folder was packed into.
func TestNodeAndArchives(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	root, files := oddPlaces(t)
	snapshot := backup(t, r, root).SnapshotID
	t.Run("nodes", func(t *testing.T) {
		t.Parallel()
		testNodes(t, r, snapshot, root, files)
	})
	t.Run("tar", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		check(t, r.Dump(t.Context(), snapshot, root, "tar", &out))
		got := map[string]string{}
		for in := tar.NewReader(&out); ; {
			h, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			check(t, err)
			content, err := io.ReadAll(in)
			check(t, err)
			if h.Typeflag == tar.TypeReg {
				got[h.Name] = string(content)
			}
		}
		wantBelow(t, got, root, files)
	})
	t.Run("zip", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		check(t, r.Dump(t.Context(), snapshot, root, "zip", &out))
		in, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		check(t, err)
		got := map[string]string{}
		for _, f := range in.File {
			if !f.Mode().IsRegular() {
				continue
			}
			from, err := f.Open()
			check(t, err)
			content, err := io.ReadAll(from)
			check(t, err)
			got[f.Name] = string(content)
		}
		wantBelow(t, got, root, files)
	})
	if err := r.Dump(t.Context(), snapshot, root+"/no/folder", "tar", io.Discard); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("an archive of nothing: %v", err)
	}
}

// wantBelow wants the files in an archive, under the folder's own name alone.
func wantBelow(t *testing.T, got map[string]string, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		if in := "odd" + strings.TrimPrefix(name, root); got[in] != content {
			t.Errorf("%q holds %q, want %q", in, got[in], content)
		}
	}
	if len(got) != len(files) {
		t.Errorf("%d files in the archive, %d in the folder", len(got), len(files))
	}
}
