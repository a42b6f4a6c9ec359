package api

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

// TestPolicyRefusals covers what the document cannot say.
func TestPolicyRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination("nas")
	good := map[string]any{"name": "Nightly", "schedule": "0 2 * * *", "keep_daily": 7, "destination_ids": []any{d.ID}}
	first := read[Policy](h.send("POST", "/backup/policies", good, 201))
	for name, tc := range map[string]struct {
		member string
		value  any
		status int
	}{
		"cron of words":       {"schedule", "every day", 422},
		"minute 61":           {"schedule", "61 2 * * *", 422},
		"six fields":          {"schedule", "0 0 2 * * *", 422},
		"never":               {"schedule", "0 0 30 2 *", 422},
		"interval":            {"schedule", "@every 5m", 422},
		"zone in cron":        {"schedule", "TZ=UTC 0 2 * * *", 422},
		"unknown zone":        {"time_zone", "Mars/Olympus", 422},
		"zone outside":        {"time_zone", "../../etc/passwd", 422},
		"blank name":          {"name", " \t ", 422},
		"line break":          {"name", "a\nb", 422},
		"duplicate name":      {"name", "Nightly", 409},
		"no destination":      {"destination_ids", []any{}, 422},
		"twice":               {"destination_ids", []any{d.ID, d.ID}, 422},
		"unknown destination": {"destination_ids", []any{someID}, 422},
	} {
		t.Run(name, func(t *testing.T) {
			body := map[string]any{}
			for k, v := range good {
				body[k] = v
			}
			if tc.member != "name" {
				body["name"] = "Other"
			}
			body[tc.member] = tc.value
			h.send("POST", "/backup/policies", body, tc.status).names(tc.member)
			if name != "duplicate name" {
				h.send("PATCH", "/backup/policies/"+first.ID.String(), map[string]any{tc.member: tc.value}, tc.status).names(tc.member)
			}
		})
	}
	if all := read[PolicyList](h.send("GET", "/backup/policies", nil, 200)).Policies; len(all) != 2 {
		t.Errorf("%d policies after the refusals, want the default and one", len(all))
	}
	fallback, err := h.db.DefaultPolicy(t.Context())
	must(t, err)
	h.send("DELETE", "/backup/policies/"+fallback.ID.String(), nil, 409)
}

func TestLocalDestinationRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.destination("taken")
	foreign := h.folder("foreign", map[string]string{"letter.txt": "mine"})
	file := filepath.Join(foreign, "letter.txt")
	dir, _ := testbed.Repository(t)
	for name, tc := range map[string]struct {
		body  map[string]any
		code  int
		field string
	}{
		"relative":       {map[string]any{"name": "n", "path": "backups"}, 422, "path"},
		"dots":           {map[string]any{"name": "n", "path": "/srv/../etc"}, 422, "path"},
		"root":           {map[string]any{"name": "n", "path": "/"}, 422, "path"},
		"kernel":         {map[string]any{"name": "n", "path": "/proc/1"}, 422, "path"},
		"a file":         {map[string]any{"name": "n", "path": file}, 422, "path"},
		"below a file":   {map[string]any{"name": "n", "path": file + "/x"}, 422, "path"},
		"foreign files":  {map[string]any{"name": "n", "path": foreign}, 422, "path"},
		"unknown device": {map[string]any{"name": "n", "path": filepath.Join(h.dir, "r"), "device_id": someID}, 422, "device_id"},
		"blank name":     {map[string]any{"name": "  ", "path": filepath.Join(h.dir, "r")}, 422, "name"},
		"duplicate name": {map[string]any{"name": "taken", "path": filepath.Join(h.dir, "r")}, 409, "name"},
		"wrong password": {map[string]any{"name": "n", "path": dir, "repo_password": "wrong"}, 422, "repo_password"},
		"no password":    {map[string]any{"name": "n", "path": dir}, 422, "repo_password"},
	} {
		t.Run(name, func(t *testing.T) {
			h.send("POST", "/backup/destinations/local", tc.body, tc.code).names(tc.field)
		})
	}
	if all := read[DestinationList](h.send("GET", "/backup/destinations", nil, 200)).Destinations; len(all) != 1 {
		t.Errorf("%d destinations after the refusals, want 1", len(all))
	}
	if _, err := os.Stat(filepath.Join(h.dir, "r")); !os.IsNotExist(err) {
		t.Errorf("a refused destination left a folder: %v", err)
	}
}

func TestS3DestinationRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bucket := testbed.S3(t)
	good := map[string]any{
		"name": "cloud", "endpoint": bucket.Endpoint, "bucket": bucket.Name, "region": bucket.Region, "path_style": true,
		"access_key": bucket.AccessKey, "secret_key": bucket.SecretKey,
	}
	for name, tc := range map[string]struct {
		member string
		value  any
	}{
		"endpoint":           {"endpoint", "ftp://x"},
		"endpoint with path": {"endpoint", bucket.Endpoint + "/bucket"},
		"endpoint with user": {"endpoint", "http://u:hunter2hunter2@127.0.0.1:9"},
		"nobody listens":     {"endpoint", "http://127.0.0.1:1"},
		"metadata":           {"endpoint", "http://169.254.169.254"},
		"no such bucket":     {"bucket", "no-such-bucket"},
		"bucket name":        {"bucket", "a/b"},
		"wrong key":          {"access_key", "nobody"},
		"wrong secret":       {"secret_key", "hunter2hunter2"},
		"empty key":          {"access_key", ""},
		"prefix up":          {"prefix", "../x"},
		"authority":          {"ca_cert", "not PEM"},
		"region":             {"region", "us east"},
	} {
		t.Run(name, func(t *testing.T) {
			body := map[string]any{}
			for k, v := range good {
				body[k] = v
			}
			body[tc.member] = tc.value
			got := h.send("POST", "/backup/destinations/s3", body, 422)
			if tc.value != "hunter2hunter2" { // storage cannot tell a wrong secret from a wrong key
				got.names(tc.member)
			}
			if strings.Contains(string(got.body), "hunter2") || strings.Contains(string(got.body), bucket.SecretKey) {
				t.Errorf("a secret is repeated: %s", got.body)
			}
		})
	}
	if keys := bucket.Keys(t); len(keys) != 0 {
		t.Errorf("refused destinations left %v", keys)
	}
	d := read[Destination](h.send("POST", "/backup/destinations/s3", good, 201))
	if !d.RepoInitialized || d.Type != model.DestinationS3 || d.S3Bucket != bucket.Name || len(bucket.Keys(t)) == 0 {
		t.Errorf("got %+v", d)
	}
	h.send("PATCH", "/backup/destinations/"+d.ID.String(), map[string]any{"path": "/x"}, 422).names("path")
	probe := read[DestinationTest](h.send("POST", "/backup/destinations/"+d.ID.String()+"/test", nil, 200))
	if !probe.OK || probe.Repository != model.RepositoryPresent {
		t.Errorf("got %+v", probe)
	}
	bad := read[DestinationTest](h.send("POST", "/backup/destinations/"+d.ID.String()+"/test", map[string]any{"bucket": "no-such-bucket"}, 200))
	if bad.OK {
		t.Errorf("a test of a missing bucket passes: %+v", bad)
	}
	if kept := read[Destination](h.send("GET", "/backup/destinations/"+d.ID.String(), nil, 200)); kept.S3Bucket != bucket.Name {
		t.Errorf("a test changed the destination: %+v", kept)
	}
}

func TestAppAndConfigurationRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	src := h.folder("src", map[string]string{"a": "a"})
	local, err := h.db.LocalDevice(t.Context())
	must(t, err)
	for name, tc := range map[string]struct {
		member string
		value  any
	}{
		"relative path":  {"paths", []any{"srv/photos"}},
		"kernel":         {"paths", []any{"/proc"}},
		"twice":          {"paths", []any{src, src}},
		"missing":        {"paths", []any{src + "/nothing"}},
		"dots":           {"paths", []any{src + "/../src"}},
		"unknown device": {"device_id", someID},
		"blank name":     {"name", "   "},
	} {
		t.Run("app "+name, func(t *testing.T) {
			body := map[string]any{"name": "n", "paths": []any{src}, "device_id": local.ID}
			body[tc.member] = tc.value
			h.send("PUT", "/apps/"+uuid.NewString(), body, 422).names(tc.member)
			h.send("POST", "/apps", body, 422).names(tc.member)
		})
	}
	if all := read[AppList](h.send("GET", "/apps", nil, 200)).Apps; len(all) != systemApps(all) {
		t.Errorf("%d apps after the refusals", len(all))
	}
	app, conf := h.app("photos")
	for name, tc := range map[string]struct {
		member string
		value  any
	}{
		"relative":       {"include_paths", []any{"x"}},
		"pattern":        {"exclude_paths", []any{"a[b"}},
		"negation":       {"exclude_paths", []any{"!x"}},
		"unknown policy": {"policy_id", someID},
		"no policy":      {"policy_id", uuid.Nil},
	} {
		t.Run("configuration "+name, func(t *testing.T) {
			h.send("PATCH", "/backup/configurations/"+conf.ID.String(), map[string]any{tc.member: tc.value}, 422).names(tc.member)
			body := map[string]any{"app_id": app.ID, "policy_id": conf.PolicyID, tc.member: tc.value}
			h.send("POST", "/backup/configurations", body, 422).names(tc.member)
		})
	}
	h.send("POST", "/backup/configurations", map[string]any{"app_id": someID, "policy_id": conf.PolicyID}, 422).names("app_id")
	h.send("PATCH", "/backup/configurations/"+conf.ID.String(), map[string]any{"app_id": app.ID}, 422).names("app_id")
	h.send("POST", "/backup/configurations/"+conf.ID.String()+"/backup", nil, 422).names("destination_ids")
}

func systemApps(apps []App) (n int) {
	for _, a := range apps {
		if a.Kind == model.AppSystem {
			n++
		}
	}
	return n
}

func TestDeviceRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	local, err := h.db.LocalDevice(t.Context())
	must(t, err)
	for name, tc := range map[string]struct {
		body  map[string]any
		field string
	}{
		"blank name":      {map[string]any{"name": " "}, "name"},
		"an address here": {map[string]any{"name": "nas", "address": "nas.lan"}, "address"},
		"too many jobs":   {map[string]any{"name": "nas", "parallel": 65}, "parallel"},
	} {
		t.Run(name, func(t *testing.T) {
			h.send("PUT", "/devices/"+uuid.NewString(), tc.body, 422).names(tc.field)
			h.send("PUT", "/devices/"+local.ID.String(), tc.body, 422).names(tc.field)
		})
	}
	ssh := func(member string, value any) map[string]any {
		body := map[string]any{"name": "nas", "kind": "ssh", "address": "127.0.0.1", "port": 1, "user": "root"}
		body[member] = value
		return body
	}
	for member, value := range map[string]any{
		"address": "-oProxyCommand=x", "user": "a b", "private_key": "hello", "host_key_fingerprint": "aa:bb", "jump_device_id": local.ID,
	} {
		h.send("PUT", "/devices/"+uuid.NewString(), ssh(member, value), 422).names(member)
	}
	h.send("PUT", "/devices/"+uuid.NewString(), ssh("jump_device_id", uuid.New()), 422).names("jump_device_id")
	h.send("PUT", "/devices/"+uuid.NewString(), ssh("name", "nobody is there"), 422).names("address")
	h.send("PUT", "/devices/"+local.ID.String(), ssh("name", "another kind"), 422).names("kind")
	h.send("POST", "/devices/"+local.ID.String()+"/test", nil, 409)
	h.send("PUT", "/devices/"+uuid.Nil.String(), map[string]any{"name": "zero"}, 422).names("id")
	h.send("PUT", "/apps/"+uuid.Nil.String(), map[string]any{"name": "zero", "device_id": local.ID, "paths": []string{h.dir}}, 422).names("id")
	h.app("photos")
	h.send("DELETE", "/devices/"+local.ID.String(), nil, 409)
}

func TestRestoreRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.destination("nas")
	_, conf := h.app("photos")
	s := h.backup(conf)
	blocked := filepath.Join(h.folder("blocked", map[string]string{"file": "x"}), "file")
	for name, tc := range map[string]struct {
		body  map[string]any
		field string
	}{
		"no target":      {map[string]any{}, "target_path"},
		"relative":       {map[string]any{"target_path": "tmp"}, "target_path"},
		"both":           {map[string]any{"target_path": "/tmp/x", "in_place": true}, "target_path"},
		"root":           {map[string]any{"target_path": "/"}, "target_path"},
		"unsaved":        {map[string]any{"target_path": h.dir + "/out", "skip_safety": true}, "skip_safety"},
		"unstopped":      {map[string]any{"app": map[string]any{"mode": "in_place"}, "keep_running": true}, "keep_running"},
		"kernel":         {map[string]any{"target_path": "/proc/x"}, "target_path"},
		"a file":         {map[string]any{"target_path": blocked}, "target_path"},
		"unknown device": {map[string]any{"target_path": h.dir + "/out", "target_device_id": someID}, "target_device_id"},
		"unknown file":   {map[string]any{"target_path": h.dir + "/out", "files": []any{"nothing.txt"}}, "files"},
		"up":             {map[string]any{"target_path": h.dir + "/out", "files": []any{"../etc/passwd"}}, "files"},
		"too many":       {map[string]any{"target_path": h.dir + "/out", "files": strings.Split(strings.Repeat("x ", 1000)+"x", " ")}, "files"},
	} {
		t.Run(name, func(t *testing.T) {
			got := h.send("POST", "/backup/snapshots/"+s.ID.String()+"/restore", tc.body, 422)
			got.names(tc.field)
			p := read[RestoreProblem](got)
			if p.Success || p.Message == "" || !strings.Contains(string(got.body), `"success":false`) {
				t.Errorf("not a restore's answer: %s", got.body)
			}
			h.send("POST", "/backup/snapshots/"+s.ID.String()+"/restore/plan", tc.body, 422).names(tc.field)
		})
	}
	for _, p := range []string{"/nothing", "/" + strings.Repeat("x/", 100)} {
		h.send("GET", fmt.Sprintf("/backup/snapshots/%s/files?path=%s", s.ID, p), nil, 404)
	}
}
