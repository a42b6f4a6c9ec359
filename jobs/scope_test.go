package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/index"
	"keepstead/model"
)

// TestPreviewScopeIsWhatTheBackupDoes asks what patterns would leave out, saves them, and counts what the next backup has.
func TestPreviewScopeIsWhatTheBackupDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withIndex(t))
	t.Cleanup(func() { _ = h.Index.Close() })
	h.start()
	h.destination()
	_, c := h.app(2)
	for _, name := range []string{"a.tmp", "sub/b.tmp", "sub/node_modules/x/c.js", "sub/node_modules/d.tmp", "keep/me.txt"} {
		h.put(name, strings.Repeat("x", 10))
	}
	other := filepath.Join(h.dir, "other")
	h.must(os.MkdirAll(other, 0o755))
	h.must(os.WriteFile(filepath.Join(other, "more.txt"), []byte("more"), 0o644))

	typed := c
	typed.ExcludePaths = []string{"*.tmp", "node_modules", "/nowhere", "[bad"}
	typed.IncludePaths = []string{other, filepath.Join(h.src, "sub")}
	before, err := h.PreviewScope(t.Context(), typed)
	h.must(err)
	if before.Snapshot != nil || len(before.Includes) != 2 || before.Includes[1].By != h.src || before.Total.Files != 0 {
		t.Errorf("without an indexed snapshot: %+v", before)
	}
	first := h.backup(c)
	h.expect(first, model.JobSuccess, "")
	h.idle()

	got, err := h.PreviewScope(t.Context(), typed)
	h.must(err)
	if got.Snapshot == nil || got.Snapshot.ID != first.SnapshotID || got.Cut || len(got.Problems) != 1 || got.Problems[0].Field != "exclude_paths" {
		t.Fatalf("judged by %+v, problems %v", got.Snapshot, got.Problems)
	}
	want := []model.ExcludeMatch{
		{Pattern: "*.tmp", Tally: model.Tally{Files: 3, Bytes: 30}, Example: h.src + "/a.tmp"},
		{Pattern: "node_modules", Tally: model.Tally{Files: 2, Bytes: 20}, Example: h.src + "/sub/node_modules/"},
		{Pattern: "/nowhere"},
	}
	if fmt.Sprint(got.Excludes) != fmt.Sprint(want) || got.Left != (model.Tally{Files: 4, Bytes: 40}) || got.Total.Files != 7 {
		t.Errorf("excludes %+v, left out %+v of %+v", got.Excludes, got.Left, got.Total)
	}
	if f := got.Includes[0]; f.By != "" || f.Held.Files != 0 || f.LeftOutBy != "" {
		t.Errorf("a folder that is new: %+v", f)
	}

	c.ExcludePaths, c.IncludePaths = typed.ExcludePaths[:3], []string{other}
	c, err = h.ChangeConfiguration(t.Context(), c)
	h.must(err)
	second := h.backup(c)
	h.expect(second, model.JobSuccess, "")
	h.idle()
	if want := got.Total.Files - got.Left.Files + 1; second.Result.Files != want {
		t.Errorf("the backup saved %d files, the preview came to %d", second.Result.Files, want)
	}
	after, err := h.PreviewScope(t.Context(), c)
	h.must(err)
	if !after.Excludes[0].InForce || after.Left.Files != 0 || after.Includes[0].Held.Files != 1 || len(after.Problems) != 0 {
		t.Errorf("once it is in force: %+v", after)
	}
	c.ExcludePaths, c.IncludePaths = []string{filepath.Base(other)}, []string{other, filepath.Join(other, "not-there")}
	refused, err := h.PreviewScope(t.Context(), c)
	h.must(err)
	if len(refused.Problems) != 1 || !strings.Contains(refused.Problems[0].Reason, "not there") || refused.Includes[0].LeftOutBy != c.ExcludePaths[0] || refused.Includes[1].By != other {
		t.Errorf("includes that are left out or not there: %+v", refused)
	}
}

// TestScopeLeavesStagedFiles counts nothing of what Keepstead itself writes for a backup: no pattern takes that away.
func TestScopeLeavesStagedFiles(t *testing.T) {
	t.Parallel()
	conf := model.NewID()
	staged := "/var/lib/keepstead/staging/" + conf.String()
	out := model.ScopePreview{Snapshot: &model.Snapshot{ConfigurationID: conf, Paths: []string{"/srv/shop", staged}}}
	look := newScopeLook(model.Configuration{ExcludePaths: []string{"*.sql", "/var"}}, &out)
	dir := ""
	for part := range strings.SplitSeq(staged[1:], "/") {
		dir += "/" + part
		look.count(model.Node{Path: dir, Name: part, Type: "dir"})
	}
	look.count(model.Node{Path: staged + "/shop.sql", Name: "shop.sql", Type: "file", Size: 5})
	look.count(model.Node{Path: "/srv", Name: "srv", Type: "dir"})
	look.count(model.Node{Path: "/srv/old.sql", Name: "old.sql", Type: "file", Size: 3})
	if out.Left != (model.Tally{Files: 1, Bytes: 3}) || out.Total.Files != 2 || out.Excludes[1].Files != 0 {
		t.Errorf("left out %+v of %+v, %+v", out.Left, out.Total, out.Excludes)
	}
}

// TestWalkEndsInTime cuts a walk that takes longer than somebody waits.
func TestWalkEndsInTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withIndex(t))
	t.Cleanup(func() { _ = h.Index.Close() })
	s := indexed(t, h.Manager, uuid.New(), uuid.New(), 5000)
	seen := 0
	cut, err := h.walkFor(t.Context(), time.Millisecond, s, func(model.Node) {
		seen++
		time.Sleep(10 * time.Microsecond)
	})
	if err != nil || !cut || seen == 0 || seen >= 5000 {
		t.Errorf("cut %v after %d of 5000, %v", cut, seen, err)
	}
}

// indexed adds a snapshot of so many files in one folder to the index.
func indexed(t testing.TB, m *Manager, app, configuration uuid.UUID, files int) uuid.UUID {
	t.Helper()
	s := index.Snapshot{ID: model.NewID(), App: app, Configuration: configuration, Started: time.Now()}
	err := m.Index.Add(t.Context(), s, func(_ context.Context, each func(model.Node) error) error {
		for _, dir := range []string{"/srv", "/srv/photos"} {
			if err := each(model.Node{Path: dir, Name: filepath.Base(dir), Type: "dir"}); err != nil {
				return err
			}
		}
		for i := range files {
			name := fmt.Sprintf("IMG_%07d.jpg", i)
			if err := each(model.Node{Path: "/srv/photos/" + name, Name: name, Type: "file", Size: 1000}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

// BenchmarkPreviewScope looks through a folder of 200,000 files with ten patterns.
func BenchmarkPreviewScope(b *testing.B) {
	x, err := index.Open(b.Context(), b.TempDir(), index.Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = x.Close() }()
	m := &Manager{Options: Options{Index: x}}
	id := indexed(b, m, uuid.New(), uuid.New(), 200_000)
	c := model.Configuration{ExcludePaths: []string{"*.tmp", "*7.jpg", "node_modules", "/srv/photos/IMG_00001*", "**/cache/**", "[x-z]*", "a/b/c", "/etc", "*.log", "photos/?"}}
	for b.Loop() {
		out := model.ScopePreview{Snapshot: &model.Snapshot{}}
		look := newScopeLook(c, &out)
		cut, err := m.walkFor(b.Context(), time.Minute, id, look.count)
		if err != nil || cut || out.Total.Files != 200_000 || out.Left.Files == 0 {
			b.Fatal(cut, err, out.Total, out.Left)
		}
	}
}
