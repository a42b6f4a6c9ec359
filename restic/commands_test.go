package restic_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/testbed"
)

func TestInitConfigVersionKeys(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	version, err := r.Version(t.Context())
	if err != nil || !strings.HasPrefix(version, "0.") {
		t.Errorf("version is %q, %v", version, err)
	}
	config, err := r.Config(t.Context())
	if err != nil || len(config.ID) != 64 || config.Version != 2 {
		t.Errorf("config is %+v, %v", config, err)
	}
	keys, err := r.Keys(t.Context())
	if err != nil || len(keys) != 1 || !keys[0].Current || keys[0].Created.Year() < 2020 || keys[0].Created.After(time.Now().Add(time.Minute)) {
		t.Errorf("keys are %+v, %v", keys, err)
	}
	added, err := r.AddKey(t.Context(), "another one, with spaces", "Anna's <key>", "atlas")
	check(t, err)
	if keys, err = r.Keys(t.Context()); err != nil || len(keys) != 2 {
		t.Errorf("keys are %+v, %v", keys, err)
	}
	other := r
	other.Password = "another one, with spaces"
	if seen, err := other.Keys(t.Context()); err != nil || !slices.ContainsFunc(seen, func(k restic.Key) bool {
		return k.ID == added && k.Current && k.Username == "Anna's <key>" && k.Hostname == "atlas"
	}) {
		t.Errorf("with the added key: %+v, %v", seen, err)
	}
	if err := other.RemoveKey(t.Context(), added); err == nil {
		t.Error("the key in use was removed")
	}
	if err := r.RemoveKey(t.Context(), added[:8]); err == nil {
		t.Error("a key was removed by the beginning of its id")
	}
	check(t, r.RemoveKey(t.Context(), added))
	if err := r.RemoveKey(t.Context(), added); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("remove it twice: %v", err)
	}
	if _, err := other.Config(t.Context()); !errors.Is(err, restic.ErrWrongPassword) {
		t.Errorf("with the removed key: %v", err)
	}
	if _, err := r.Init(t.Context()); !errors.Is(err, restic.ErrExists) {
		t.Errorf("a second init gives %v", err)
	}
	r.URL = filepath.Join(t.TempDir(), "new")
	id, err := r.Init(t.Context())
	check(t, err)
	if config, err := r.Config(t.Context()); err != nil || config.ID != id {
		t.Errorf("init said %s, config %+v, %v", id, config, err)
	}
}

func TestSnapshotsLsFindDumpDiffStats(t *testing.T) {
	t.Parallel()
	r, source := newRepo(t), filepath.Join(t.TempDir(), "source")
	testbed.NewFiles(t, source)
	first := backup(t, r, source).SnapshotID
	write(t, filepath.Join(source, "empty"), "no longer")
	check(t, os.Remove(filepath.Join(source, "names", "[")))
	second := backup(t, r, source).SnapshotID

	t.Run("snapshots", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			name   string
			filter restic.SnapshotFilter
			want   []string
		}{
			{"all", restic.SnapshotFilter{}, []string{first, second}},
			{"both tags", restic.SnapshotFilter{Tags: []string{"keepstead", "config:1"}}, []string{first, second}},
			{"another tag", restic.SnapshotFilter{Tags: []string{"keepstead", "config:2"}}, nil},
			{"another host", restic.SnapshotFilter{Host: "office"}, nil},
			{"one id", restic.SnapshotFilter{IDs: []string{second}}, []string{second}},
		} {
			list, err := r.Snapshots(t.Context(), c.filter)
			check(t, err)
			var got []string
			for _, s := range list {
				got = append(got, s.ID)
				if s.Summary == nil || s.Hostname != "home" || !slices.Equal(s.Paths, []string{source}) || len(s.Tags) != 2 {
					t.Errorf("snapshot is %+v", s)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
	})
	t.Run("ls", func(t *testing.T) {
		t.Parallel()
		top := list(t.Context(), t, r, first, "/", false)
		if len(top) != 1 {
			t.Errorf("the root holds %v", top)
		}
		modes := list(t.Context(), t, r, first, source+"/modes/", false)
		if n := modes[source+"/modes/setuid"]; n.Mode != 0o4755 || n.Type != "file" || n.Size != 6 || n.Name != "setuid" || n.ModTime.Nanosecond() == 0 {
			t.Errorf("setuid is %+v", n)
		}
		if entries, err := os.ReadDir(filepath.Join(source, "modes")); err != nil || len(entries) != len(modes) {
			t.Errorf("%d of %d entries, %v", len(modes), len(entries), err)
		}
		if n := len(list(t.Context(), t, r, first, source+"/empty folder", false)); n != 0 {
			t.Errorf("an empty folder holds %d", n)
		}
		if n := list(t.Context(), t, r, first, source+"/deep", true); len(n) != 41 {
			t.Errorf("recursively %d", len(n))
		}
		for _, missing := range []string{"/nothing", source + "/mod"} {
			if err := r.Ls(t.Context(), first, missing, false, func(restic.Node) error { return nil }); !errors.Is(err, model.ErrNotFound) {
				t.Errorf("%s: %v", missing, err)
			}
		}
		stop := errors.New("enough")
		if err := r.Ls(t.Context(), first, source, true, func(restic.Node) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("stopped with %v", err)
		}
	})
	t.Run("find", func(t *testing.T) {
		t.Parallel()
		var found []restic.Match
		collect := func(m restic.Match) error { found = append(found, m); return nil }
		check(t, r.Find(t.Context(), restic.FindOptions{Patterns: []string{"bot*"}, Snapshots: []string{first}}, collect))
		if len(found) != 1 || found[0].Snapshot != first || found[0].Node.Name != "bottom" {
			t.Errorf("found %+v", found)
		}
		check(t, r.Find(t.Context(), restic.FindOptions{Patterns: []string{"BOTTOM"}, IgnoreCase: true, Tags: []string{"config:1"}}, collect))
		if len(found) != 3 {
			t.Errorf("found %d", len(found))
		}
		check(t, r.Find(t.Context(), restic.FindOptions{Patterns: []string{"nope"}}, collect))
	})
	t.Run("dump", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		check(t, r.Dump(t.Context(), first, source+"/names/new\nline", "", &out))
		want, err := os.ReadFile(filepath.Join(source, "names", "new\nline"))
		if err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("dumped %q, %v", out.Bytes(), err)
		}
		out.Reset()
		check(t, r.Dump(t.Context(), first, source+"/modes", "tar", &out))
		if out.Len()%512 != 0 || out.Len() == 0 {
			t.Errorf("an archive of %d bytes", out.Len())
		}
		if err := r.Dump(t.Context(), first, "/nothing", "", &out); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("missing file: %v", err)
		}
		gone := errors.New("the browser left")
		if err := r.Dump(t.Context(), first, source+"/large", "", failingWriter{gone}); !errors.Is(err, gone) {
			t.Errorf("failing writer: %v", err)
		}
	})
	t.Run("diff", func(t *testing.T) {
		t.Parallel()
		changes := map[string]string{}
		sum, err := r.Diff(t.Context(), first, second, func(c restic.Change) error { changes[c.Path] = c.Modifier; return nil })
		check(t, err)
		if changes[source+"/empty"] != "M" || changes[source+"/names/["] != "-" || sum.ChangedFiles != 1 || sum.Removed.Files != 1 {
			t.Errorf("changes %v, %+v", changes, sum)
		}
	})
	t.Run("stats", func(t *testing.T) {
		t.Parallel()
		raw, err := r.Stats(t.Context(), restic.StatsRawData)
		if err != nil || raw.TotalSize == 0 || raw.Blobs == 0 || raw.Snapshots != 2 {
			t.Errorf("raw: %+v, %v", raw, err)
		}
		one, err := r.Stats(t.Context(), restic.StatsRestoreSize, first)
		if err != nil || one.TotalSize < 12<<20 || one.TotalFiles == 0 || one.Snapshots != 1 {
			t.Errorf("restore: %+v, %v", one, err)
		}
		if _, err := r.Stats(t.Context(), restic.StatsRawData, "latest"); err == nil {
			t.Error("a word was taken for an id")
		}
	})
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestForgetPruneCheck(t *testing.T) {
	t.Parallel()
	r, source := newRepo(t), t.TempDir()
	var log bytes.Buffer
	r.Log = &log
	var ids []string
	for _, content := range []string{"one", "two", "three"} {
		write(t, filepath.Join(source, "file"), strings.Repeat(content, 50000))
		ids = append(ids, backup(t, r, source).SnapshotID)
	}
	groups, err := r.ForgetPolicy(t.Context(), "config:1", model.Retention{KeepLast: 1}, true)
	if err != nil || len(groups) != 1 || len(groups[0].Keep) != 1 || len(groups[0].Remove) != 2 || groups[0].Reasons[0].Matches[0] != "last snapshot" {
		t.Fatalf("dry run: %+v, %v", groups, err)
	}
	check(t, r.Forget(t.Context(), ids[:1]))
	check(t, r.Forget(t.Context(), ids[:1])) // gone already
	_, err = r.ForgetPolicy(t.Context(), "config:1", model.Retention{KeepLast: 1}, false)
	check(t, err)
	if groups, err := r.ForgetPolicy(t.Context(), "config:none", model.Retention{KeepLast: 1}, false); err != nil || len(groups) != 0 {
		t.Errorf("no snapshot with the tag: %v, %v", groups, err)
	}
	if groups, err := r.ForgetPolicy(t.Context(), "config:1", model.Retention{}, false); err != nil || groups != nil {
		t.Errorf("keep everything: %v, %v", groups, err)
	}
	before, err := r.Stats(t.Context(), restic.StatsRawData)
	check(t, err)
	var last model.Progress
	check(t, r.Prune(t.Context(), func(p model.Progress) { last = p }))
	if last.Percent != 1 || last.TotalFiles == 0 || !strings.Contains(log.String(), "total prune") {
		t.Errorf("progress %+v, log %s", last, log.String())
	}
	sum, err := r.Check(t.Context(), restic.CheckOptions{ReadDataSubset: "100%"})
	if err != nil || sum.NumErrors != 0 {
		t.Errorf("check: %+v, %v", sum, err)
	}
	left, err := r.Snapshots(t.Context(), restic.SnapshotFilter{})
	if err != nil || len(left) != 1 || left[0].ID != ids[2] {
		t.Errorf("left %v, %v, before %+v", left, err, before)
	}
	if _, err := r.Check(t.Context(), restic.CheckOptions{ReadDataSubset: "some"}); err == nil {
		t.Error("an odd part of the data was taken")
	}
}

func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	backup(t, r, write(t, filepath.Join(t.TempDir(), "file"), string(random(t, 100000))))
	flip(t, filepath.Join(r.URL, "data"))
	if _, err := r.Check(t.Context(), restic.CheckOptions{}); err != nil {
		t.Errorf("without reading data: %v", err)
	}
	sum, err := r.Check(t.Context(), restic.CheckOptions{ReadDataSubset: "100%"})
	if !errors.Is(err, restic.ErrDamaged) || sum.NumErrors == 0 || len(sum.Errors) == 0 {
		t.Errorf("reading data: %+v, %v", sum, err)
	}
}

// flip changes a byte in the largest file below dir, which holds content and not the tree.
func flip(t *testing.T, dir string) {
	t.Helper()
	var largest string
	var size int64
	check(t, filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > size {
			largest, size = name, info.Size()
		}
		return err
	}))
	content, err := os.ReadFile(largest)
	check(t, err)
	content[len(content)/4] ^= 1
	check(t, os.Chmod(largest, 0o600))
	check(t, os.WriteFile(largest, content, 0o600))
}
