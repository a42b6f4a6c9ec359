package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/model"
)

// tree makes files with their folders under a new folder; a name that ends in a slash is a folder.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		path := filepath.Join(root, name)
		folder := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if folder != path {
			if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func names(t *testing.T, root string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(root, path); rel != "." {
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestProbeFolder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		tree   []string
		path   string // under the tree
		want   model.RepositoryState
		step   string // failed
		reason string
	}{
		{name: "empty", want: model.RepositoryNone},
		{name: "not there yet", path: "a/b/c", want: model.RepositoryNone},
		{name: "the root of a file system", tree: []string{"lost+found/"}, want: model.RepositoryNone},
		{name: "a repository", tree: []string{"config", "keys/k", "data/"}, want: model.RepositoryPresent},
		{name: "other files", tree: []string{"holiday.jpg"}, want: model.RepositoryForeign, step: "repository", reason: "holiday.jpg"},
		{name: "keys lost", tree: []string{"config", "keys/"}, want: model.RepositoryForeign, step: "repository", reason: "without any key"},
		{name: "config lost", tree: []string{"keys/k", "data/00/p"}, want: model.RepositoryForeign, step: "repository", reason: "config file"},
		{name: "a file", tree: []string{"notes"}, path: "notes", want: model.RepositoryUnknown, step: "folder", reason: "not a folder"},
		{name: "under a file", tree: []string{"notes"}, path: "notes/b", want: model.RepositoryUnknown, step: "folder", reason: "not a folder"},
		{name: "name too long", path: strings.Repeat("n", 300), want: model.RepositoryUnknown, step: "folder", reason: "cannot be followed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, test.tree...)
			before := names(t, root)
			result := open(t, folderDestination(filepath.Join(root, test.path)), Credentials{}).Probe(t.Context(), nil)
			if result.Repository != test.want {
				t.Errorf("repository %q, want %q: %s", result.Repository, test.want, outline(result))
			}
			switch {
			case test.step != "":
				wantFailed(t, result, test.step, test.reason)
			case outline(result) != "folder:ok write:ok read:ok delete:ok space:ok repository:ok":
				t.Errorf("steps %s", outline(result))
			case result.FreeBytes <= 0:
				t.Errorf("free %d", result.FreeBytes)
			}
			if after := names(t, root); after != before {
				t.Errorf("the probe left %q, before %q", after, before)
			}
		})
	}
}

func TestProbeFolderFollowsNoDanglingLink(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.Symlink("/nowhere/disk", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"link", "link/backups"} {
		result := open(t, folderDestination(filepath.Join(root, path)), Credentials{}).Probe(t.Context(), nil)
		wantFailed(t, result, "folder", "a link to something that is not there")
	}
}

// /proc and /sys answer as a broken or read-only disk does, for root as well.
func TestProbeFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/proc/self/fdinfo", "/proc/keepstead/backups"} {
		result := open(t, folderDestination(path), Credentials{}).Probe(t.Context(), nil)
		failed := result.Failed()
		if failed == nil || failed.Name != "folder" && failed.Name != "write" || failed.Mend == "" {
			t.Errorf("%s: %s: %+v", path, outline(result), failed)
		}
	}
}

func TestFolderErrorsInWords(t *testing.T) {
	t.Parallel()
	place, err := newFolder("/mnt/b", local(t))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		err    error
		reason string
	}{
		"read-only":   {syscall.EROFS, "read-only"},
		"full":        {syscall.ENOSPC, "full"},
		"quota":       {syscall.EDQUOT, "full"},
		"small":       {errNoSpace, "full"},
		"permission":  {syscall.EACCES, "may not read and write"},
		"immutable":   {syscall.EPERM, "may not read and write"},
		"broken":      {syscall.EIO, "does not answer as it should"},
		"stale mount": {syscall.ESTALE, "does not answer as it should"},
		"dead mount":  {context.DeadlineExceeded, "did not answer"},
		"circle":      {syscall.ELOOP, "cannot be followed"},
		"gone":        {syscall.ENOENT, "not mounted"},
		"other":       {syscall.ENOMEM, "cannot be used"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := place.explain(&fs.PathError{Op: "open", Path: "/mnt/b/x", Err: test.err})
			if !strings.Contains(got.Reason, test.reason) || got.Mend == "" {
				t.Errorf("reason %q, mend %q", got.Reason, got.Mend)
			}
			if errors.Is(got, model.ErrNotFound) != (name == "gone") {
				t.Errorf("is ErrNotFound: %v", errors.Is(got, model.ErrNotFound))
			}
		})
	}
}

// A named pipe without a writer hangs its reader as a dead network mount does.
func TestFolderGivesUpOnADeadMount(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(root, "config"), 0o600); err != nil {
		t.Fatal(err)
	}
	place, err := newFolder(root, local(t))
	if err != nil {
		t.Fatal(err)
	}
	place.limit = 100 * time.Millisecond
	if _, err := place.Config(t.Context()); err == nil || !strings.Contains(err.Error(), "did not answer") {
		t.Errorf("config: %v", err)
	}
	writer, err := os.OpenFile(filepath.Join(root, "config"), os.O_RDWR, 0) // lets the reader left behind go
	if err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
}

func TestFolderConfigSizeAndLock(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0a", 32)
	root := tree(t, "config", "keys/k", "data/00/p", "locks/"+id, "films/film")
	place := open(t, folderDestination(root), Credentials{})
	if got, err := place.Config(t.Context()); string(got) != "12345" || err != nil {
		t.Errorf("config %q, %v", got, err)
	}
	if free, known := Free(t.Context(), place); free <= 0 || !known {
		t.Errorf("free are %d, known: %v", free, known)
	}
	if got, err := place.Size(t.Context()); got != 20 || err != nil {
		t.Errorf("size %d, %v, want 20", got, err)
	}
	for _, bad := range []string{"", "../config", id[:63]} {
		if err := place.RemoveLock(t.Context(), bad); err == nil {
			t.Errorf("removed lock %q", bad)
		}
	}
	for range 2 {
		if err := place.RemoveLock(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if got := names(t, root); got != "config data data/00 data/00/p films films/film keys keys/k locks" {
		t.Errorf("left %s", got)
	}
	for _, gone := range []string{root + "/keys", "/nowhere"} {
		if _, err := open(t, folderDestination(gone), Credentials{}).Config(t.Context()); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("config of %s: %v", gone, err)
		}
	}
}

func TestFolderClear(t *testing.T) {
	t.Parallel()
	for _, precious := range []string{"data/00/p", "snapshots/s", "index/i"} {
		root := tree(t, "config", "keys/k", precious)
		before := names(t, root)
		err := open(t, folderDestination(root), Credentials{}).Clear(t.Context())
		if !errors.Is(err, model.ErrConflict) || names(t, root) != before {
			t.Errorf("clear with %s: %v, left %s", precious, err, names(t, root))
		}
	}
	root := tree(t, "config", "keys/k", "data/00/", "data/.keepstead-upload-X", "locks/l", "snapshots/", "mine.txt")
	if err := open(t, folderDestination(root), Credentials{}).Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, root); got != "mine.txt" {
		t.Errorf("left %s", got)
	}
}

func TestFolderClearRemovesTheFoldersOfItsOwnProbe(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "a/b"} {
		t.Run(fmt.Sprintf("%q", path), func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			place := open(t, folderDestination(filepath.Join(root, path)), Credentials{})
			place.Probe(t.Context(), nil)
			if err := os.MkdirAll(filepath.Join(root, path, "keys"), 0o700); err != nil { // as a broken init leaves it
				t.Fatal(err)
			}
			if err := place.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := names(t, root); got != "" {
				t.Errorf("left %s", got)
			}
		})
	}
}
