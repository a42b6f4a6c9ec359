package api

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/testbed"
)

func TestLocks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	dir, password := testbed.Repository(t)
	d := read[Destination](h.send("POST", "/backup/destinations/local", map[string]any{"name": "nas", "path": dir, "repo_password": password}, 201))
	at := "/backup/destinations/" + d.ID.String() + "/locks"
	if got := read[LockList](h.send("GET", at, nil, 200)); got.Locks == nil || len(got.Locks) != 0 {
		t.Errorf("got %+v", got)
	}
	id, pid := testbed.LeaveLock(t, dir, password, "")
	got := read[LockList](h.send("GET", at, nil, 200)).Locks
	if len(got) != 1 || got[0].ID != id || got[0].PID != pid || got[0].Host == "" || got[0].Stale || got[0].Exclusive {
		t.Errorf("got %+v", got)
	}
	for _, bad := range []any{map[string]any{}, map[string]any{"locks": []string{}}, map[string]any{"locks": []string{"../config"}}} {
		h.send("POST", at+"/remove", bad, 422)
	}
	for want, lock := range []string{strings.Repeat("0", 64), id} {
		if n := read[LocksRemoved](h.send("POST", at+"/remove", map[string]any{"locks": []string{lock}}, 200)); n.Removed != want {
			t.Errorf("removed %d of %s", n.Removed, lock)
		}
	}
	h.send("GET", "/backup/destinations/"+uuid.NewString()+"/locks", nil, 404)
}
