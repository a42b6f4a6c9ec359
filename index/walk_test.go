package index

import (
	"errors"
	"maps"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// TestWalkHandsOutASnapshot walks each of two snapshots of a line, whole and until it has enough.
func TestWalkHandsOutASnapshot(t *testing.T) {
	t.Parallel()
	x, at := open(t, t.TempDir(), 0), time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	app, configuration := uuid.New(), uuid.New()
	tr := tree{}
	for _, p := range []string{"/srv/b/two.txt", "/srv/a/one.txt", "/srv/a/deep/er/three.txt", "/etc/four"} {
		tr.put(p, "file", 7, at)
	}
	first := Snapshot{ID: uuid.New(), App: app, Configuration: configuration, Started: at}
	if err := x.Add(t.Context(), first, tr.walk); err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(tr)
	tr.remove("/srv/a/deep")
	tr.put("/srv/c", "symlink", 0, at)
	second := Snapshot{ID: uuid.New(), App: app, Configuration: configuration, Started: at.Add(time.Hour)}
	if err := x.Add(t.Context(), second, tr.walk); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		id   uuid.UUID
		want tree
	}{{first.ID, before}, {second.ID, tr}} {
		seen := map[string]bool{"/": true}
		err := x.Walk(t.Context(), one.id, func(n model.Node) error {
			if !seen[path.Dir(n.Path)] {
				t.Errorf("%s comes before its folder", n.Path)
			}
			if want := one.want[n.Path]; want.Type != n.Type || want.Size != n.Size {
				t.Errorf("%s is %+v, want %+v", n.Path, n, want)
			}
			seen[n.Path] = true
			return nil
		})
		delete(seen, "/")
		if want := slices.Sorted(maps.Keys(one.want)); err != nil || !slices.Equal(slices.Sorted(maps.Keys(seen)), want) {
			t.Errorf("the walk handed out %v, want %v; %v", slices.Sorted(maps.Keys(seen)), want, err)
		}
	}
	enough, n := errors.New("enough"), 0
	err := x.Walk(t.Context(), first.ID, func(model.Node) error {
		n++
		return enough
	})
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("a walk that shall end went on for %d: %v", n, err)
	}
	if err := x.Walk(t.Context(), uuid.New(), nil); !errors.Is(err, model.ErrNotIndexed) {
		t.Errorf("a snapshot that is not here: %v", err)
	}
}

// TestNewestPrefersItsConfiguration asks for the newest snapshot of each of two configurations and of one without any.
func TestNewestPrefersItsConfiguration(t *testing.T) {
	t.Parallel()
	x, at, app := open(t, t.TempDir(), 0), time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC), uuid.New()
	one, two := uuid.New(), uuid.New()
	newest := map[uuid.UUID]uuid.UUID{}
	for n, configuration := range []uuid.UUID{one, one, two} {
		tr := tree{}
		tr.put("/srv/file", "file", int64(n), at)
		s := Snapshot{ID: uuid.New(), App: app, Configuration: configuration, Started: at.Add(time.Duration(n) * time.Hour)}
		if err := x.Add(t.Context(), s, tr.walk); err != nil {
			t.Fatal(err)
		}
		newest[configuration] = s.ID
	}
	for configuration, want := range map[uuid.UUID]uuid.UUID{one: newest[one], two: newest[two], uuid.New(): newest[two]} {
		if got, err := x.Newest(t.Context(), app, configuration); err != nil || len(got) != 3 || got[0] != want {
			t.Errorf("the newest are %s, want %s first; %v", got, want, err)
		}
	}
	if got, err := x.Newest(t.Context(), uuid.New(), one); err != nil || len(got) != 0 {
		t.Errorf("of an app without snapshots: %s, %v", got, err)
	}
}
