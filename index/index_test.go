package index

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(t *testing.T, dir string, limit int64) *Index {
	t.Helper()
	x, err := Open(t.Context(), dir, Options{Limit: limit}, discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

// world is a few apps with their snapshots, and the index that shall say the same of them.
type world struct {
	t     *testing.T
	x     *Index
	rng   *rand.Rand
	snaps []*snap
	names []string
}

type snap struct {
	Snapshot
	tree tree
	in   bool
}

func (w *world) add(s *snap) {
	w.t.Helper()
	if err := w.x.Add(w.t.Context(), s.Snapshot, s.tree.walk); err != nil {
		w.t.Fatal(err)
	}
	s.in = true
}

// mutate changes a few things, as a day does.
func (w *world) mutate(tr tree, at time.Time) {
	paths := slices.Sorted(maps.Keys(tr))
	pick := func() string { return paths[w.rng.IntN(len(paths))] }
	for range w.rng.IntN(6) {
		switch p := pick(); w.rng.IntN(6) {
		case 0:
			if len(tr) > 20 {
				tr.remove(p)
			}
		case 1:
			if tr[p].Type == "file" {
				tr.put(p, "file", w.rng.Int64N(1<<40), at)
			}
		case 2:
			tr.remove(p)
			tr.put(p, []string{"file", "dir", "symlink", "socket", "fifo"}[w.rng.IntN(5)], 7, at)
		default:
			in := "/"
			if tr[p].Type == "dir" {
				in = p
			}
			for range w.rng.IntN(4) {
				q := path.Join(in, w.names[w.rng.IntN(len(w.names))])
				if _, found := tr[q]; !found {
					tr.put(q, []string{"file", "file", "file", "dir"}[w.rng.IntN(4)], w.rng.Int64N(100), at.Add(time.Duration(w.rng.IntN(1e9))))
				}
			}
		}
		if paths = slices.Sorted(maps.Keys(tr)); len(paths) == 0 {
			tr.put("/srv/one", "file", 1, at)
			paths = slices.Sorted(maps.Keys(tr))
		}
	}
}

// oddNames are what a file may be called, beside plain names.
func oddNames() []string {
	out := []string{"a", "ab", "a.b", "A B", "new\nline", "[x]", "тест", "ТЕСТ.txt", "שלום", "bad\uFFFDname", "%s", "'; --", strings.Repeat("long", 50), "İstanbul"}
	for i := range 30 {
		out = append(out, fmt.Sprintf("file%02d.txt", i))
	}
	return out
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, x: open(t, t.TempDir(), 0), rng: rand.New(rand.NewPCG(seed, 2)), names: oddNames()}
	start := time.Date(2024, 5, 1, 2, 30, 0, 0, time.UTC)
	for range 3 { // lines
		tr := tree{}
		for i := range 40 {
			tr.put(path.Join("/srv", w.names[w.rng.IntN(10)], w.names[w.rng.IntN(len(w.names))]), "file", int64(i), start)
		}
		app, configuration := uuid.New(), uuid.New()
		if len(w.snaps) > 0 {
			app = w.snaps[0].App // one app with several configurations
		}
		for day := range 6 {
			at := start.AddDate(0, 0, day)
			w.mutate(tr, at)
			w.snaps = append(w.snaps, &snap{Snapshot: Snapshot{ID: uuid.New(), App: app, Configuration: configuration, Started: at}, tree: maps.Clone(tr)})
		}
	}
	return w
}

// check compares all that the index says with the model.
func (w *world) check() {
	w.t.Helper()
	ctx := w.t.Context()
	for _, s := range w.snaps {
		if _, err := w.x.Folder(ctx, s.ID, model.FolderQuery{}); !s.in && !errors.Is(err, model.ErrNotIndexed) {
			w.t.Fatalf("a snapshot that is not there gave %v", err)
		}
		if s.in {
			w.checkFolders(s)
		}
	}
	for _, text := range []string{"FILE1", "a", "тест", "[x", "line", "istan", "srv/a", "nothing here"} {
		w.checkSearch(text)
	}
	for range 6 {
		w.checkVersions()
		w.checkCompare()
	}
}

func (w *world) checkFolders(s *snap) {
	w.t.Helper()
	for _, dir := range append([]string{"/"}, slices.Sorted(maps.Keys(s.tree))...) {
		if dir != "/" && s.tree[dir].Type != "dir" {
			if _, err := w.x.Folder(w.t.Context(), s.ID, model.FolderQuery{Dir: dir}); !errors.Is(err, model.ErrNotFound) {
				w.t.Fatalf("%q is no folder, opening it gave %v", dir, err)
			}
			continue
		}
		want := s.tree.folder(dir)
		limit := []int{0, 1, 3}[w.rng.IntN(3)]
		var got []model.Node
		for after := ""; ; {
			page, err := w.x.Folder(w.t.Context(), s.ID, model.FolderQuery{Dir: dir, After: after, Limit: limit})
			if err != nil {
				w.t.Fatalf("open %q: %v", dir, err)
			}
			if page.Total != len(want) {
				w.t.Fatalf("%q has %d entries in all, want %d", dir, page.Total, len(want))
			}
			got = append(got, page.Nodes...)
			if after = page.Next; after == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			w.t.Fatalf("%q holds\n%v\nwant\n%v", dir, got, want)
		}
	}
}

// holders returns the app's snapshots that are in the index and hold a path, oldest first.
func (w *world) holders(app uuid.UUID, p string) []*snap {
	var out []*snap
	for _, s := range w.snaps {
		if _, found := s.tree[p]; found && s.in && s.App == app {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b *snap) int { return a.Started.Compare(b.Started) })
	return out
}

func (w *world) checkSearch(text string) {
	w.t.Helper()
	app := w.snaps[0].App
	lower := strings.ToLower(text)
	want := map[string]bool{}
	for _, s := range w.snaps {
		for p := range s.tree {
			name := strings.ToLower(path.Base(p))
			if s.in && strings.Contains(name, lower[strings.LastIndexByte(lower, '/')+1:]) && strings.Contains(strings.ToLower(p), lower) {
				want[p] = true
			}
		}
	}
	got, err := w.x.Search(w.t.Context(), model.FileQuery{Text: text, AppID: app, Limit: model.MaxFileHits})
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]bool{}
	for _, hit := range got.Hits {
		found[hit.Path] = true
		holders := w.holders(app, hit.Path)
		if !want[hit.Path] || len(holders) == 0 {
			w.t.Fatalf("%q is found as %q, which no snapshot holds", text, hit.Path)
		}
	}
	if !got.More && len(found) != len(want) {
		w.t.Fatalf("%q is found %d times, want %d", text, len(found), len(want))
	}
	one := w.snaps[w.rng.IntN(len(w.snaps))]
	if !one.in {
		return
	}
	got, err = w.x.Search(w.t.Context(), model.FileQuery{Text: text, Snapshot: one.ID, Limit: model.MaxFileHits})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, hit := range got.Hits {
		if hit.Node != one.tree[hit.Path] || hit.Newest != one.ID || !hit.FirstSeen.Equal(one.Started) {
			w.t.Fatalf("in one snapshot %q is %v, want %v", hit.Path, hit, one.tree[hit.Path])
		}
	}
}

func (w *world) checkVersions() {
	w.t.Helper()
	s := w.snaps[w.rng.IntN(len(w.snaps))]
	paths := slices.Sorted(maps.Keys(s.tree))
	p := paths[w.rng.IntN(len(paths))]
	type state struct {
		kind string
		size int64
		at   time.Time
	}
	want := map[state][]uuid.UUID{}
	for _, h := range w.holders(s.App, p) {
		n := h.tree[p]
		want[state{n.Type, n.Size, n.ModTime}] = append(want[state{n.Type, n.Size, n.ModTime}], h.ID)
	}
	got, err := w.x.Versions(w.t.Context(), s.App, p)
	if err != nil {
		w.t.Fatal(err)
	}
	byID := func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) }
	for _, v := range got {
		ids := want[state{v.Type, v.Size, v.ModTime}]
		slices.SortFunc(ids, byID)
		slices.SortFunc(v.Snapshots, byID)
		if !slices.Equal(ids, v.Snapshots) {
			w.t.Fatalf("version %v of %q is in %v, want %v", v.Node, p, v.Snapshots, ids)
		}
	}
	if len(got) != len(want) {
		w.t.Fatalf("%q has %d versions, want %d", p, len(got), len(want))
	}
}

func (w *world) checkCompare() {
	w.t.Helper()
	a, b := w.snaps[w.rng.IntN(len(w.snaps))], w.snaps[w.rng.IntN(len(w.snaps))]
	if !a.in || !b.in {
		return
	}
	want := map[string]bool{}
	for p, n := range a.tree {
		switch now, there := b.tree[p]; {
		case !there || (now.Type == "dir") != (n.Type == "dir"):
			want["removed "+p] = true
		case now != n && n.Type != "dir":
			want["changed "+p] = true
		}
	}
	for p, n := range b.tree {
		if was, there := a.tree[p]; !there || (was.Type == "dir") != (n.Type == "dir") {
			want["added "+p] = true
		}
	}
	got := map[string]bool{}
	var last model.Comparison
	for cursor := ""; ; {
		var err error
		last, err = w.x.Compare(w.t.Context(), model.ComparisonQuery{Before: a.ID, After: b.ID, Cursor: cursor, Limit: 7})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range last.Changes {
			got[string(c.Kind)+" "+c.Path] = true
			if c.Before != nil && *c.Before != a.tree[c.Path] || c.After != nil && *c.After != b.tree[c.Path] {
				w.t.Fatalf("%v is not what the snapshots hold", c)
			}
		}
		if cursor = last.Next; cursor == "" {
			break
		}
	}
	if !maps.Equal(got, want) {
		w.t.Fatalf("from %v to %v differ\n%v\nwant\n%v", a.Started, b.Started, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	counted := last.Added.Files + last.Added.Folders + last.Removed.Files + last.Removed.Folders + last.Changed.Files
	if counted != len(want) {
		w.t.Fatalf("%d changes are counted, want %d", counted, len(want))
	}
}

// TestIndexSaysWhatSnapshotsHold adds random trees in random order, drops some, sweeps, and compares each answer with a
// naive model.
func TestIndexSaysWhatSnapshotsHold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			order := w.rng.Perm(len(w.snaps))
			if seed%3 == 0 {
				slices.Sort(order)
			}
			for i, n := range order {
				w.add(w.snaps[n])
				if seed%2 == 0 && i > 3 && w.rng.IntN(3) == 0 {
					gone := w.snaps[order[w.rng.IntN(i)]]
					gone.in = false
					if err := w.x.Drop(t.Context(), gone.ID); err != nil {
						t.Fatal(err)
					}
					if w.rng.IntN(2) == 0 {
						if err := w.x.Sweep(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				if i%8 == 4 {
					w.check()
				}
			}
			w.check()
		})
	}
}
