package restic_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/testbed"
)

func TestRestoreBringsEverythingBack(t *testing.T) {
	t.Parallel()
	r, source, target := newRepo(t), filepath.Join(t.TempDir(), "so[u]rce *"), t.TempDir()
	testbed.NewFiles(t, source)
	var last model.Progress
	s, err := r.Backup(t.Context(), restic.BackupOptions{Host: "home", Tags: []string{"a"}, Paths: []string{source}}, func(p model.Progress) { last = p })
	check(t, err)
	if last.Phase != "saving" || last.TotalFiles == 0 {
		t.Errorf("progress was %+v", last)
	}
	sum, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: s.SnapshotID, Target: target, Verify: true}, nil)
	check(t, err)
	if sum.FilesRestored == 0 || sum.FilesRestored != sum.TotalFiles || sum.FailedCount != 0 {
		t.Errorf("summary is %+v", sum)
	}
	testbed.Compare(t, source, filepath.Join(target, source))
}

// TestRestoreOfASubfolder lays a folder of a snapshot into another one; what restic leaves out of the folder itself is
// what Entry tells.
func TestRestoreOfASubfolder(t *testing.T) {
	t.Parallel()
	r, source, target := newRepo(t), filepath.Join(t.TempDir(), "so[u]rce: *"), t.TempDir()
	testbed.NewFiles(t, source)
	check(t, os.Chmod(source, 0o751|os.ModeSetgid))
	if os.Getuid() == 0 {
		check(t, os.Chown(source, 70, 71))
		check(t, os.Chmod(source, 0o751|os.ModeSetgid)) // a new owner takes it away
	}
	files, err := r.Host.Files()
	check(t, err)
	check(t, files.SetXattr(source, "user.kept", []byte("a\x00b")))
	check(t, files.SetXattr(source, "user.empty", []byte{}))
	id := backup(t, r, source).SnapshotID
	sum, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Subfolder: source, Target: target, Verify: true}, nil)
	check(t, err)
	if sum.FilesRestored == 0 || sum.FilesRestored != sum.TotalFiles {
		t.Errorf("summary is %+v", sum)
	}
	e, err := r.Entry(t.Context(), id, source)
	check(t, err)
	check(t, files.Lchown(target, e.UID, e.GID))
	check(t, files.Chmod(target, e.Mode))
	testbed.Compare(t, source, target)
	if e.Type != "dir" || string(e.Xattrs["user.kept"]) != "a\x00b" || e.Xattrs["user.empty"] == nil {
		t.Errorf("the folder itself is %+v", e)
	}
	if e, err = r.Entry(t.Context(), id, filepath.Join(source, "empty")); err != nil || e.Type != "file" {
		t.Errorf("a file is %+v, %v", e, err)
	}

	one := t.TempDir()
	_, err = r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Subfolder: filepath.Join(source, "names"), Includes: []string{"/star*"}, Target: one}, nil)
	check(t, err)
	if found, err := os.ReadDir(one); err != nil || len(found) != 1 || found[0].Name() != "star*" {
		t.Errorf("a single file of a folder: %v, %v", found, err)
	}
	for _, name := range []string{filepath.Join(source, "not there"), "/not/there/at all"} {
		_, err = r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Subfolder: name, Target: t.TempDir()}, nil)
		if !errors.Is(err, model.ErrNotFound) {
			t.Errorf("the restore of %q: %v", name, err)
		}
		if _, err := r.Entry(t.Context(), id, name); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("the entry of %q: %v", name, err)
		}
	}
}

func TestRestoreTakesIncludesLiterally(t *testing.T) {
	t.Parallel()
	r, source := newRepo(t), filepath.Join(t.TempDir(), "source")
	testbed.NewFiles(t, source)
	id := backup(t, r, source).SnapshotID
	nodes := list(t.Context(), t, r, id, filepath.Join(source, "names"), false)
	target := t.TempDir()
	var includes []string
	for p := range nodes {
		includes = append(includes, p)
	}
	includes = append(includes, filepath.Join(source, "folders", "[brackets]"))
	_, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Target: target, Includes: includes}, nil)
	check(t, err)
	testbed.Compare(t, filepath.Join(source, "names"), filepath.Join(target, source, "names"))
	folders, err := os.ReadDir(filepath.Join(target, source, "folders"))
	if err != nil || len(folders) != 1 || folders[0].Name() != "[brackets]" {
		t.Errorf("folders restored: %v %v", folders, err)
	}
	for _, name := range []string{"star*", "question?", "[brackets]", "new\nline", `back\slash`, "**", "bad\uFFFD\uFFFDbytes"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := t.TempDir()
			include := filepath.Join(source, "names", name)
			sum, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Target: target, Includes: []string{include}}, nil)
			check(t, err)
			found, err := os.ReadDir(filepath.Join(target, source, "names"))
			if err != nil || len(found) != 1 || strings.ToValidUTF8(found[0].Name(), "\uFFFD\uFFFD") != name {
				t.Errorf("restored %v, %v, %+v", found, err, sum)
			}
		})
	}
}

func TestRestoreManyIncludes(t *testing.T) {
	t.Parallel()
	r, source, target := newRepo(t), filepath.Join(t.TempDir(), "source"), t.TempDir()
	want := write(t, filepath.Join(source, "$HOME # [x]"), "1")
	odd := write(t, filepath.Join(source, "two\nlines"), "2")
	write(t, filepath.Join(source, "other"), "3")
	id := backup(t, r, source).SnapshotID
	includes := []string{want, odd}
	for range 900 {
		includes = append(includes, "/"+strings.Repeat("long/", 800))
	}
	_, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Target: target, Includes: includes}, nil)
	check(t, err)
	found, err := os.ReadDir(filepath.Join(target, source))
	if err != nil || len(found) != 2 {
		t.Errorf("restored %v, %v", found, err)
	}
}

func TestRestoreThatMatchesNothing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	id := backup(t, r, write(t, filepath.Join(t.TempDir(), "file"), "x")).SnapshotID
	sum, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Target: t.TempDir(), Includes: []string{"/not/there"}}, nil)
	if err != nil || sum.FilesRestored+sum.FilesSkipped != 0 {
		t.Errorf("got %+v, %v", sum, err)
	}
}

func TestRestoreDryRun(t *testing.T) {
	t.Parallel()
	r, source, target := newRepo(t), filepath.Join(t.TempDir(), "source"), t.TempDir()
	same := write(t, filepath.Join(source, "same"), "12345")
	changed := write(t, filepath.Join(source, "changed"), "1234567")
	missing := write(t, filepath.Join(source, "missing"), "123")
	id := backup(t, r, source).SnapshotID
	_, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Target: target}, nil)
	check(t, err)
	check(t, os.Remove(filepath.Join(target, missing)))
	write(t, filepath.Join(target, changed), "another text")

	got := map[string]string{}
	r.RunDir = "" // a dry run needs none
	_, err = r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Target: target, DryRun: true, Verify: true, Item: func(action, path string, size int64) {
		if path == missing && size != 3 {
			t.Errorf("size of %s is %d", path, size)
		}
		got[path] = action
	}}, nil)
	check(t, err)
	for path, action := range map[string]string{same: "unchanged", changed: "updated", missing: "restored"} {
		if got[path] != action {
			t.Errorf("%s is %q, want %q", filepath.Base(path), got[path], action)
		}
	}
	if _, err := os.Stat(filepath.Join(target, missing)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dry run made a file: %v", err)
	}
}

func TestRestoreToAFullDisk(t *testing.T) {
	t.Parallel()
	r, source := newRepo(t), t.TempDir()
	write(t, filepath.Join(source, "large"), strings.Repeat("x", 3<<20))
	id := backup(t, r, source).SnapshotID
	target := testbed.SmallDisk(t, 1<<20)
	sum, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: id, Target: target}, nil)
	var failed *restic.Error
	if !errors.Is(err, restic.ErrDiskFull) || !errors.As(err, &failed) || failed.Code != 1 {
		t.Errorf("error is %v", err)
	}
	if sum.FailedCount == 0 || !strings.HasSuffix(sum.Failed[0].Item, "/large") {
		t.Errorf("failed files are %+v", sum.Failed)
	}
}

func TestRestoreOfUnknownSnapshot(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	_, err := r.Restore(t.Context(), restic.RestoreOptions{Snapshot: "ffffffff", Target: t.TempDir()}, nil)
	if !errors.Is(err, model.ErrNotFound) {
		t.Errorf("error is %v", err)
	}
	r.OnStart = func(device.Process) error { return errors.New("the row was not written") }
	_, err = r.Restore(t.Context(), restic.RestoreOptions{Snapshot: "ffffffff", Target: t.TempDir()}, nil)
	if err == nil || !strings.Contains(err.Error(), "the row was not written") {
		t.Errorf("error is %v", err)
	}
}
