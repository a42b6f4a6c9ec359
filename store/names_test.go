package store

import (
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

// TestNames asks once for the names of everything, of what is gone too.
func TestNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	gone, app := w.newDestination("gone"), w.newApp("forgotten")
	check(t, w.RemoveDestination(ctx, gone.ID))
	check(t, w.ForgetApp(ctx, app.ID))
	ids := []uuid.UUID{uuid.Nil, none, w.app.ID, w.app.ID, app.ID, w.destination.ID, gone.ID, w.configuration.ID}
	for range 2 * maxInList {
		ids = append(ids, model.NewID())
	}
	got := must[map[uuid.UUID]string](t)(w.Names(ctx, ids))
	want := map[uuid.UUID]string{
		w.app.ID: w.app.Name, app.ID: "forgotten", w.destination.ID: w.destination.Name, gone.ID: "gone", w.configuration.ID: w.policy.Name,
	}
	if len(got) != len(want) {
		t.Errorf("%d names, want %d: %v", len(got), len(want), got)
	}
	for id, name := range want {
		if got[id] != name {
			t.Errorf("%s is named %q, want %q", id, got[id], name)
		}
	}
	if none := must[map[uuid.UUID]string](t)(w.Names(ctx, nil)); len(none) != 0 {
		t.Errorf("nothing is named %v", none)
	}
}
