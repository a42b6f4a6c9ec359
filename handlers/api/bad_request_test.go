package api

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

const someID = "0197d4a2-5b3c-7c1e-9d55-3f1a2b4c5d6e"

// goodBodies agree with the document; the things they name do not exist.
var goodBodies = map[string]map[string]any{
	"POST /backup/destinations/s3": {
		"name": "n", "endpoint": "http://127.0.0.1:1", "bucket": "bucket", "access_key": "a", "secret_key": "s",
	},
	"POST /backup/destinations/sftp": {
		"name": "n", "host": "127.0.0.1", "port": 1, "user": "u", "password": "p", "path": "/nowhere/at/all",
	},
	"POST /backup/destinations/local":             {"name": "n", "path": "/nowhere/at/all", "device_id": someID},
	"POST /backup/destinations/test":              {"type": "local", "path": "/nowhere/at/all", "device_id": someID},
	"PATCH /backup/destinations/{id}":             {"name": "n"},
	"POST /backup/destinations/{id}/test":         {"name": "n"},
	"POST /backup/destinations/{id}/locks/remove": {"locks": []any{strings.Repeat("0", 64)}},
	"POST /backup/destinations/{id}/keys":         {"name": "Anna", "password": "long enough, really"}, "POST /backup/destinations/{id}/keys/remove": {"key": strings.Repeat("0", 64)},
	"POST /backup/policies":                    {"name": "n", "schedule": "0 2 * * *", "destination_ids": []any{someID}},
	"PUT /backup/policies/{id}":                {"name": "n", "schedule": "0 2 * * *", "destination_ids": []any{someID}},
	"PATCH /backup/policies/{id}":              {"name": "n"},
	"POST /backup/configurations":              {"app_id": someID, "policy_id": someID},
	"PATCH /backup/configurations/{id}":        {"enabled": false},
	"POST /backup/snapshots/{id}/restore":      {"target_path": "/tmp/x", "target_device_id": someID},
	"POST /backup/snapshots/{id}/restore/plan": {"target_path": "/tmp/x"},
	"PUT /devices/{id}":                        {"name": "n"},
	"POST /apps":                               {"name": "n", "paths": []any{"/nowhere/at/all"}},
	"PATCH /settings":                          {"discovery": "ask"},
	"POST /notifications":                      {"name": "n", "service": "webhook", "url": "https://example.org/hook"},
	"PATCH /notifications/{id}":                {"name": "n"},
	"PUT /apps/{id}":                           {"name": "n", "device_id": someID, "paths": []any{"/nowhere/at/all"}},
}

// with returns the good body of an operation with one member changed.
func with(key, member string, value any) map[string]any {
	body := map[string]any{member: value}
	for k, v := range goodBodies[key] {
		if k != member {
			body[k] = v
		}
	}
	return body
}

func method(key string) string { m, _, _ := strings.Cut(key, " "); return m }

// path fills the id of an operation's path in.
func path(key, id string) string {
	_, p, _ := strings.Cut(key, " ")
	return strings.ReplaceAll(p, "{id}", id)
}

// TestUnreadableBodies sends to every operation that takes a body what cannot be one.
func TestUnreadableBodies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for key, op := range h.api.document.operations {
		if op.body == nil {
			continue
		}
		if goodBodies[key] == nil {
			t.Errorf("%s has no good body in the test", key)
		}
		good, err := json.Marshal(goodBodies[key])
		must(t, err)
		for name, tc := range map[string]struct {
			kind, body string
			status     int
			field      string
		}{
			"no content type": {"", string(good), 415, ""},
			"form":            {"application/x-www-form-urlencoded", "name=n", 415, ""},
			"text":            {"text/plain", string(good), 415, ""},
			"strange type":    {"application/json;;;", string(good), 415, ""},
			"broken":          {"application/json", `{"name":`, 400, ""},
			"two values":      {"application/json", `{} {}`, 400, ""},
			"spaces":          {"application/json", "  ", 400, ""},
			"not UTF-8":       {"application/json", "{\"name\":\"\xff\"}", 400, ""},
			"too deep":        {"application/json", strings.Repeat("[", 20000) + strings.Repeat("]", 20000), 400, ""},
			"deep in a field": {"application/json", `{"name":` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `}`, 422, ""},
			"array":           {"application/json", "[]", 422, ""},
			"null":            {"application/json", "null", 422, ""},
			"number":          {"application/json", "7", 422, ""},
			"unknown field":   {"application/json; charset=utf-8", string(bytes.Replace(good, []byte("{"), []byte(`{"label":1,`), 1)), 422, "label"},
			"other case":      {"application/json", string(bytes.Replace(good, []byte("{"), []byte(`{"NAME":"n",`), 1)), 422, "NAME"},
			"many unknown":    {"application/json", `{"` + strings.Join(manyNames(2000), `":1,"`) + `":1}`, 422, "f"},
			"long field name": {"application/json", `{"` + strings.Repeat("x", 1<<16) + `":1}`, 422, strings.Repeat("x", 100) + "…"},
		} {
			got := h.raw(method(key), path(key, someID), tc.kind, []byte(tc.body), tc.status)
			if tc.field != "" {
				got.names(tc.field)
			}
			if len(got.body) > 10_000 {
				t.Errorf("%s: %s: the problem has %d bytes", key, name, len(got.body))
			}
		}
		if op.bodyRequired {
			h.raw(method(key), path(key, someID), "application/json", nil, 400)
		}
	}
}

func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "f" + strings.Repeat("0", i%7)
		if i > 0 {
			names[i] += uuid.NewString()
		}
	}
	return names
}

// TestMembersOfEveryBody breaks each member of each body in turn, by what its schema says.
func TestMembersOfEveryBody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for key, op := range h.api.document.operations {
		if op.body == nil {
			continue
		}
		for _, member := range op.body.Required {
			body := with(key, member, 0)
			delete(body, member)
			h.send(method(key), path(key, someID), body, 422).names(member)
		}
		for member, ref := range op.body.Properties {
			s := ref.Value
			bad := []any{map[string]any{"a": []any{1}}}
			field := member
			switch {
			case s.Type.Includes("string"):
				bad = append(bad, 7, true, []any{"x"})
				if !s.Type.Includes("null") {
					bad = append(bad, nil)
				}
				if s.MaxLength != nil {
					bad = append(bad, strings.Repeat("é", int(*s.MaxLength)+1), "a\x00b")
				}
				if s.MinLength > 0 {
					bad = append(bad, "")
				}
				if s.Format == "uuid" {
					bad = append(bad, "", "7", "{"+someID+"}", "urn:uuid:"+someID, strings.ReplaceAll(someID, "-", ""))
				}
				if s.Enum != nil {
					bad = append(bad, "else")
				}
			case s.Type.Includes("integer"):
				bad = append(bad, "7", -1, 1.5, 1e30, *s.Max+1, nil, json.RawMessage("1e999"), json.RawMessage("9223372036854775808"))
			case s.Type.Includes("number"):
				bad = append(bad, "7", true, *s.Min-1, *s.Max+1, nil, json.RawMessage("1e999"))
			case s.Type.Includes("boolean"):
				bad = append(bad, "true", 1, nil)
			case s.Type.Includes("array"):
				bad = append(bad, "x", nil)
				h.send(method(key), path(key, someID), with(key, member, []any{7}), 422).names(member + "[0]")
				h.send(method(key), path(key, someID), with(key, member, make([]string, 1001)), 422).names(member)
			default:
				bad, field = []any{7, "x"}, member
			}
			for _, value := range bad {
				h.send(method(key), path(key, someID), with(key, member, value), 422).names(field)
			}
		}
	}
}

// TestIDs asks every operation on one thing for an id that is none, and for one that nothing has.
func TestIDs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	creates := []string{"PUT /devices/{id}", "PUT /apps/{id}"}
	queries := map[string]string{ // those that must have one
		"GET /backup/snapshots/{id}/files/content": "?path=/", "GET /backup/snapshots/{id}/files/search": "?q=x",
		"GET /backup/snapshots/{id}/compare": "?with=" + someID,
		"GET /apps/{id}/files/search":        "?q=x", "GET /apps/{id}/files/versions": "?path=/x",
	}
	for key := range h.api.document.operations {
		if !strings.Contains(key, "{id}") {
			continue
		}
		var body any
		if good := goodBodies[key]; good != nil {
			body = good
		}
		for _, id := range []string{"7", "not-a-uuid", "%00", "{" + someID + "}", strings.ReplaceAll(someID, "-", ""), "..%2f" + someID} {
			h.send(method(key), path(key, id)+queries[key], body, 422).names("id")
		}
		if !slices.Contains(creates, key) {
			for _, id := range []string{someID, uuid.Nil.String(), strings.ToUpper(model.NewID().String())} {
				h.send(method(key), path(key, id)+queries[key], body, 404)
			}
		}
	}
}

// TestQueries breaks each query parameter of each list.
func TestQueries(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for key, op := range h.api.document.operations {
		if method(key) != "GET" || op.id == "streamEvents" {
			continue
		}
		for _, p := range op.parameters {
			if p.In != "query" {
				continue
			}
			var bad []string
			switch s := p.Schema.Value; {
			case s.Type.Is("integer"):
				bad = []string{"0", strconv.Itoa(int(*s.Max) + 1), "-1", "x", "", "1e2", "99999999999999999999", "1.0"}
			case s.Format == "uuid":
				bad = []string{"x", "", someID + "0", "%00"}
			case s.Format == "date-time":
				bad = []string{"yesterday", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "%00"}
			case s.Pattern != "":
				bad = []string{"relative", "/a%00b", "/" + strings.Repeat("x", 4096)}
			case s.Enum == nil && s.MaxLength != nil: // any text that is not too long
				bad = []string{strings.Repeat("x", int(*s.MaxLength)+1)}
				if s.MinLength > 0 {
					bad = append(bad, "")
				}
			default:
				bad = []string{"else", ""}
			}
			for _, value := range bad {
				field := p.Name
				if p.Schema.Value.Type.Is("array") {
					field += "[0]"
				}
				h.send("GET", path(key, someID)+"?"+p.Name+"="+value, nil, 422).names(field)
			}
			if !p.Schema.Value.Type.Is("array") {
				h.send("GET", path(key, someID)+"?"+p.Name+"="+someID+"&"+p.Name+"="+someID, nil, 422).names(p.Name)
			}
		}
		h.send("GET", path(key, someID)+"?appid="+someID, nil, 422).names("appid")
	}
}

func TestUnknownAddresses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, p := range []string{"/", "/nothing", "/backup", "/jobs/" + someID + "/else", "/backup/policies/" + someID + "/x/y", "/%6aobs"} {
		h.send("GET", p, nil, 404)
	}
	for _, tc := range []struct{ method, path, allow string }{
		{"DELETE", "/backup/policies", "GET, POST"},
		{"PATCH", "/apps/" + someID, "GET, PUT, DELETE"},
		{"GET", "/backup/configurations/" + someID + "/backup", "POST"},
		{"POST", "/openapi.json", "GET"},
		{"HEAD", "/status", "GET"},
	} {
		if tc.method == "HEAD" {
			continue // its answer has no body to check
		}
		if got := h.send(tc.method, tc.path, nil, 405).header.Get("Allow"); got != tc.allow {
			t.Errorf("%s %s: Allow: %s, want %s", tc.method, tc.path, got, tc.allow)
		}
	}
}
