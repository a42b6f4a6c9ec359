package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// days adds n snapshots of a tree, each of which changes some files, and returns them, the oldest first.
func days(t *testing.T, x *Index, n int) []*snap {
	t.Helper()
	app, tr := uuid.New(), tree{}
	start := time.Date(2024, 1, 1, 2, 0, 0, 0, time.UTC)
	for i := range 3000 {
		tr.put(fmt.Sprintf("/srv/%02d/%s-%d.dat", i%40, uuid.NewString()[:8], i), "file", int64(i), start)
	}
	var out []*snap
	for day := range n {
		at := start.AddDate(0, 0, day)
		for i, p := range slices.Sorted(maps.Keys(tr)) {
			if i%7 == day%7 && tr[p].Type == "file" {
				tr.put(p, "file", int64(i*100+day), at)
			}
		}
		s := &snap{Snapshot: Snapshot{ID: uuid.New(), App: app, Started: at}, tree: maps.Clone(tr), in: true}
		if err := x.Add(t.Context(), s.Snapshot, s.tree.walk); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// rows counts the rows of a table.
func rows(t *testing.T, x *Index, table string) (n int) {
	t.Helper()
	if err := x.r.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNothingIsLeftOfWhatIsForgotten drops all snapshots but one, then that one: packs are filled anew, then all is gone.
func TestNothingIsLeftOfWhatIsForgotten(t *testing.T) {
	t.Parallel()
	w := &world{t: t, x: open(t, t.TempDir(), 0)}
	w.snaps = days(t, w.x, 6)
	before, packs := size(t, w.x), rows(t, w.x, "packs")
	var gone []uuid.UUID
	for _, s := range w.snaps[:5] {
		s.in = false
		gone = append(gone, s.ID)
	}
	if err := w.x.Drop(t.Context(), gone...); err != nil {
		t.Fatal(err)
	}
	if err := w.x.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/srv", "/srv/07"} {
		page, err := w.x.Folder(t.Context(), w.snaps[5].ID, model.FolderQuery{Dir: dir})
		if err != nil || !slices.Equal(page.Nodes, w.snaps[5].tree.folder(dir)) {
			t.Errorf("%s is not what it was: %v", dir, err)
		}
	}
	if after := size(t, w.x); after >= before || rows(t, w.x, "packs") >= packs {
		t.Errorf("%d bytes in %d packs before, %d in %d after", before, packs, after, rows(t, w.x, "packs"))
	}
	if err := w.x.Drop(t.Context(), w.snaps[5].ID); err != nil {
		t.Fatal(err)
	}
	if err := w.x.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"lines", "snapshots", "folders", "timeline", "listings", "packs", "marks"} {
		if n := rows(t, w.x, table); n != 0 {
			t.Errorf("%d %s are left of nothing", n, table)
		}
	}
}

func size(t *testing.T, x *Index) int64 {
	t.Helper()
	n, err := x.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSizeIsBounded gives the index less room than its snapshots take.
func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := open(t, dir, 0)
	all := days(t, x, 8)
	limit := size(t, x) * 2 / 3
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, dir, limit)
	dropped, err := x.Fit(t.Context())
	if err != nil || dropped == 0 || dropped == len(all) {
		t.Fatalf("%d of %d were dropped: %v", dropped, len(all), err)
	}
	if n := size(t, x); n > limit {
		t.Errorf("%d bytes, %d are allowed", n, limit)
	}
	for i, s := range all {
		if has, err := x.Has(t.Context(), s.ID); err != nil || has != (i >= dropped) {
			t.Errorf("of %d, the oldest %d were dropped, and %d is there: %t, %v", len(all), dropped, i, has, err)
		}
	}
	// What had no room is not taken again, until there is more room.
	if err := x.Add(t.Context(), all[0].Snapshot, all[0].tree.walk); !errors.Is(err, ErrNoRoom) {
		t.Errorf("adding the oldest again gave %v", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, dir, limit*10)
	if err := x.Add(t.Context(), all[0].Snapshot, all[0].tree.walk); err != nil {
		t.Errorf("with more room: %v", err)
	}
	small := open(t, t.TempDir(), 60<<10)
	if err := small.Add(t.Context(), all[0].Snapshot, all[0].tree.walk); err != nil && !errors.Is(err, ErrNoRoom) {
		t.Errorf("adding what is larger than all: %v", err)
	}
	if _, err := small.Fit(t.Context()); err != nil || size(t, small) > 60<<10 {
		t.Errorf("%d bytes in an index of 60 KiB: %v", size(t, small), err)
	}
}

// TestCutOffLeavesNothing ends an indexing in its middle: by an error, by a cancel, and as a crash does, whose open file is
// copied. Nobody sees half a snapshot, and the next sweep takes what is left.
func TestCutOffLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := open(t, dir, 0)
	days(t, x, 1)
	if err := x.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	packs := rows(t, x, "packs")
	tr := tree{}
	for i := range 25000 { // enough that some of it is written before the end
		tr[fmt.Sprintf("/%05d-%s", i, uuid.NewString())] = model.Node{}
	}
	for p := range tr {
		tr[p] = model.Node{Path: p, Name: p[1:], Type: "file", Size: 1, ModTime: time.Unix(1e9, int64(len(p)))}
	}
	cut := errors.New("cut off")
	s := Snapshot{ID: uuid.New(), App: uuid.New(), Started: time.Now()}
	copied := t.TempDir()
	err := x.Add(t.Context(), s, func(ctx context.Context, each func(model.Node) error) error {
		for i := range 50 { // folders that are closed, so that packs are full
			in := fmt.Sprintf("/d%02d", i)
			if err := each(model.Node{Path: in, Type: "dir"}); err != nil {
				return err
			}
			for p := range tr {
				if err := each(model.Node{Path: in + p, Type: "file", ModTime: time.Unix(int64(len(p)), 0)}); err != nil || i*len(tr) > 150000 {
					break
				}
			}
			if rows(t, x, "packs") > packs {
				break
			}
		}
		for _, end := range []string{"", "-wal"} {
			data, err := os.ReadFile(filepath.Join(dir, File+end))
			if err == nil {
				err = os.WriteFile(filepath.Join(copied, File+end), data, 0o600)
			}
			if err != nil {
				return err
			}
		}
		return cut
	})
	if !errors.Is(err, cut) {
		t.Fatalf("got %v", err)
	}
	for name, x := range map[string]*Index{"an error": x, "a crash": open(t, copied, 0)} {
		if n := rows(t, x, "packs"); n <= packs {
			t.Fatalf("%s: %d packs, so nothing was written before the end", name, n)
		}
		if has, err := x.Has(t.Context(), s.ID); err != nil || has {
			t.Errorf("%s: half a snapshot is there: %v", name, err)
		}
		if hits, err := x.Search(t.Context(), model.FileQuery{Text: "-", AppID: s.App}); err != nil || len(hits.Hits) > 0 {
			t.Errorf("%s: half a snapshot is found: %d, %v", name, len(hits.Hits), err)
		}
		if err := x.Sweep(t.Context()); err != nil || rows(t, x, "packs") != packs {
			t.Errorf("%s: %d packs after the sweep, want %d: %v", name, rows(t, x, "packs"), packs, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = x.Add(ctx, s, func(ctx context.Context, each func(model.Node) error) error { cancel(); return ctx.Err() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled one gave %v", err)
	}
	if err := x.Add(t.Context(), s, tr.walk); err != nil {
		t.Errorf("adding it again: %v", err)
	}
}

// TestDamagedIndexIsMadeAnew opens a file that is none, and one of another version.
func TestDamagedIndexIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), []byte("this is no database, whatever else it may be; it is long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := open(t, dir, 0)
	for _, harm := range []string{"PRAGMA user_version = 99", "UPDATE packs SET names = x'0102'"} {
		app := days(t, x, 1)[0].App
		if _, err := x.w.Exec(harm); err != nil {
			t.Fatal(err)
		}
		_, _ = x.Search(t.Context(), model.FileQuery{Text: "a", AppID: app}) // notices, where there is something to notice
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		if x = open(t, dir, 0); rows(t, x, "snapshots") != 0 {
			t.Errorf("an index was used after %s", harm)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, File)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
}

// TestLargeFolder opens a folder of many entries page by page, also as it was changed.
func TestLargeFolder(t *testing.T) {
	t.Parallel()
	const many = 6000
	x := open(t, t.TempDir(), 0)
	tr := tree{}
	for i := range many {
		tr.put(fmt.Sprintf("/big/%05d", i), []string{"file", "dir"}[i%20/19], int64(i), time.Unix(int64(i), 5).UTC())
	}
	app := uuid.New()
	for day := range 3 {
		s := Snapshot{ID: uuid.New(), App: app, Started: time.Unix(int64(1e9+day*86400), 0).UTC()}
		if day > 0 {
			for i := range 50 {
				tr.put(fmt.Sprintf("/big/%05d", i*61), "file", 7, s.Started)
				tr.put(fmt.Sprintf("/big/%05dx", i*97), "file", 8, s.Started)
				tr.remove(fmt.Sprintf("/big/%05d", i*31+day))
			}
		}
		if err := x.Add(t.Context(), s, tr.walk); err != nil {
			t.Fatal(err)
		}
		var got []model.Node
		pages := 0
		for after := ""; pages == 0 || after != ""; pages++ {
			page, err := x.Folder(t.Context(), s.ID, model.FolderQuery{Dir: "/big", After: after, Limit: 500})
			if err != nil || len(page.Nodes) == 0 || len(page.Nodes) > 500 {
				t.Fatalf("a page of %d: %v", len(page.Nodes), err)
			}
			got, after = append(got, page.Nodes...), page.Next
		}
		if !slices.Equal(got, tr.folder("/big")) {
			t.Errorf("day %d: %d entries in %d pages, want %d", day, len(got), pages, len(tr.folder("/big")))
		}
	}
	if n := rows(t, x, "listings"); n > many/2 {
		t.Errorf("%d listings", n)
	}
	var base int
	if err := x.r.QueryRow("SELECT count(*) FROM listings WHERE base <> 0").Scan(&base); err != nil || base == 0 {
		t.Errorf("a large folder with few changes was written whole: %v", err)
	}
}

// TestStrangeListings gives what an honest repository does not.
func TestStrangeListings(t *testing.T) {
	t.Parallel()
	x := open(t, t.TempDir(), 0)
	add := func(paths ...string) (uuid.UUID, error) {
		s := Snapshot{ID: uuid.New(), App: uuid.New(), Started: time.Now()}
		return s.ID, x.Add(t.Context(), s, func(_ context.Context, each func(model.Node) error) error {
			for _, p := range paths {
				kind := "file"
				if p[len(p)-1] == '/' {
					p, kind = p[:len(p)-1], "dir"
				}
				if err := each(model.Node{Path: p, Type: kind}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, bad := range [][]string{{"/a/b"}, {"/a/", "/a/b", "/c/d"}, {"no slash"}, {"//"}} {
		if id, err := add(bad...); err == nil {
			t.Errorf("%q was taken as snapshot %s", bad, id)
		}
	}
	// Two names of bytes that are no text look alike; both are listed, and the first folder is opened.
	id, err := add("/x\uFFFD/", "/x\uFFFD/one", "/x\uFFFD/", "/x\uFFFD/two", "/y\uFFFD", "/y\uFFFD", "/z\x00")
	if err != nil {
		t.Fatal(err)
	}
	for limit := range 3 {
		var names []string
		for after, first := "", true; first || after != ""; first = false {
			page, err := x.Folder(t.Context(), id, model.FolderQuery{After: after, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range page.Nodes {
				names = append(names, n.Name)
			}
			after = page.Next
		}
		if !slices.Equal(names, []string{"x\uFFFD", "y\uFFFD", "y\uFFFD", "z\uFFFD"}) {
			t.Errorf("pages of %d: %q", limit, names)
		}
	}
	if page, err := x.Folder(t.Context(), id, model.FolderQuery{Dir: "/x\uFFFD"}); err != nil || len(page.Nodes) != 1 || page.Nodes[0].Name != "one" {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := x.Search(t.Context(), model.FileQuery{Text: "//"}); len(model.Refused(err)) == 0 {
		t.Errorf("a search for nothing gave %v", err)
	}
	empty, err := add()
	if page, found := x.Folder(t.Context(), empty, model.FolderQuery{}); err != nil || found != nil || page.Total != 0 {
		t.Errorf("an empty snapshot: %v, %v", err, found)
	}
}
