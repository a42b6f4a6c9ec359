package api

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	dir, password := testbed.Repository(t)
	d := read[Destination](h.send("POST", "/backup/destinations/local", map[string]any{"name": "nas", "path": dir, "repo_password": password}, 201))
	at := "/backup/destinations/" + d.ID.String() + "/keys"
	first := read[KeyList](h.send("GET", at, nil, 200)).Keys
	if len(first) != 1 || !first[0].Current || first[0].MadeAt.IsZero() || first[0].User == "" || first[0].Host == "" {
		t.Fatalf("got %+v", first)
	}
	for _, bad := range []any{map[string]any{"name": "Anna"}, map[string]any{"name": "Anna", "password": "short"}, map[string]any{"password": "long enough, really"}, map[string]any{"name": "Anna", "password": " a space before"}} {
		h.send("POST", at, bad, 422)
	}
	added := read[KeyAdded](h.send("POST", at, map[string]any{"name": "Anna", "password": "long enough, really"}, 201))
	if keys := read[KeyList](h.send("GET", at, nil, 200)).Keys; len(keys) != 2 || keys[1].ID != added.ID || keys[1].User != "Anna" || keys[1].Current {
		t.Errorf("got %+v", keys)
	}
	h.send("POST", at+"/remove", map[string]any{"key": "../config"}, 422)
	h.send("POST", at+"/remove", map[string]any{"key": strings.Repeat("0", 64)}, 404)
	h.send("POST", at+"/remove", map[string]any{"key": first[0].ID}, 409)
	h.send("POST", at+"/remove", map[string]any{"key": added.ID}, 204)
	if job := read[Job](h.send("POST", at+"/rotate", nil, 202)); job.Kind != model.JobRotate || job.DestinationID != d.ID {
		t.Errorf("got %+v", job)
	}
	h.send("POST", at+"/rotate", nil, 409)
	for _, nowhere := range []string{"/keys", "/keys/rotate"} {
		method := map[string]string{"/keys": "GET", "/keys/rotate": "POST"}[nowhere]
		h.send(method, "/backup/destinations/"+uuid.NewString()+nowhere, nil, 404)
	}
}

func TestOwnKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.send("POST", "/backup/destinations/local", map[string]any{"name": "nas", "path": t.TempDir() + "/new"}, 201)
	before := read[OwnKeys](h.send("GET", "/keys", nil, 200))
	after := read[OwnKeys](h.send("POST", "/keys/rotate", nil, 200))
	if before.Master != "file" || before.Sealed != 1 || after.Sealed != 1 || !after.MadeAt.After(before.MadeAt) {
		t.Errorf("got %+v and then %+v", before, after)
	}
}
