package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/testbed"
)

// The API's answers, as far as the tests read them. They are written again here, so that a change of the API's shapes
// is seen.
type (
	job struct {
		ID         string     `json:"id"`
		Kind       string     `json:"kind"`
		State      string     `json:"state"`
		Trigger    string     `json:"trigger"`
		SnapshotID string     `json:"snapshot_id"`
		Cause      string     `json:"cause"`
		Message    string     `json:"message"`
		StartedAt  *time.Time `json:"started_at"`
		FinishedAt *time.Time `json:"finished_at"`
		Progress   *struct {
			BytesDone int64 `json:"bytes_done"`
		} `json:"progress"`
	}
	snapshot struct {
		ID            string   `json:"id"`
		ResticID      string   `json:"restic_snapshot_id"`
		DestinationID string   `json:"destination_id"`
		AppID         string   `json:"app_id"`
		Status        string   `json:"status"`
		Restorable    bool     `json:"restorable"`
		TotalFiles    int      `json:"total_files"`
		FailedCount   int      `json:"failed_count"`
		FailedFiles   []string `json:"failed_files"`
		Paths         []string `json:"paths"`
	}
	destination struct {
		ID             string     `json:"id"`
		Type           string     `json:"type"`
		Path           string     `json:"local_path"`
		RepoID         string     `json:"repo_id"`
		Initialized    bool       `json:"repo_initialized"`
		TotalSnapshots int        `json:"total_snapshots"`
		TotalSize      int64      `json:"total_size"`
		LastBackupAt   *time.Time `json:"last_backup_at"`
		LastPruneAt    *time.Time `json:"last_prune_at"`
	}
	started struct {
		SnapshotID string `json:"snapshot_id"`
		Status     string `json:"status"`
		JobID      string `json:"job_id"`
		Snapshots  []struct {
			SnapshotID    string `json:"snapshot_id"`
			DestinationID string `json:"destination_id"`
			JobID         string `json:"job_id"`
		} `json:"snapshots"`
	}
	identified struct {
		ID string `json:"id"`
	}
	body map[string]any
)

// patience is how long a test waits for what only needs to end: a machine that is busy with many tests takes its time.
const patience = 10 * time.Minute

// try sends a request and returns the status and the whole answer.
func (k *keepstead) try(method, path string, in any) (int, []byte) {
	k.t.Helper()
	var content io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			k.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(k.t.Context(), method, k.url+"/api/v1"+path, content)
	if err != nil {
		k.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+k.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		k.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		k.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, out
}

// call is try for a request that must succeed; out, when not nil, gets the answer.
func (k *keepstead) call(method, path string, in, out any) {
	k.t.Helper()
	status, raw := k.try(method, path, in)
	if status >= 300 {
		k.t.Fatalf("%s %s: %d: %s", method, path, status, raw)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			k.t.Fatalf("%s %s: %v: %s", method, path, err, raw)
		}
	}
}

func (k *keepstead) addFolder(name, path string) destination {
	k.t.Helper()
	var d destination
	k.call("POST", "/backup/destinations/local", body{"name": name, "path": path}, &d)
	return d
}

func (k *keepstead) addS3(name string, b *testbed.Bucket) destination {
	k.t.Helper()
	var d destination
	k.call("POST", "/backup/destinations/s3", body{
		"name": name, "endpoint": b.Endpoint, "bucket": b.Name, "region": b.Region, "prefix": "e2e",
		"access_key": b.AccessKey, "secret_key": b.SecretKey,
	}, &d)
	return d
}

// addPolicy makes a policy that never comes due by itself, unless changes say otherwise.
func (k *keepstead) addPolicy(name string, destinations []string, changes body) string {
	k.t.Helper()
	in := body{"name": name, "schedule": "0 0 29 2 *", "destination_ids": destinations}
	for key, value := range changes {
		in[key] = value
	}
	var p identified
	k.call("POST", "/backup/policies", in, &p)
	return p.ID
}

// addApp declares an app as the platform does and puts it under the policy; it returns both ids.
func (k *keepstead) addApp(name, policy string, paths ...string) (app, configuration string) {
	k.t.Helper()
	return k.addAppOn(k.localDevice(), name, policy, paths...)
}

// addAppOn declares an app of any device.
func (k *keepstead) addAppOn(device, name, policy string, paths ...string) (app, configuration string) {
	k.t.Helper()
	app = uuid.NewString()
	k.call("PUT", "/apps/"+app, body{"name": name, "device_id": device, "paths": paths}, nil)
	var c identified
	k.call("POST", "/backup/configurations", body{"app_id": app, "policy_id": policy}, &c)
	return app, c.ID
}

func (k *keepstead) localDevice() string {
	k.t.Helper()
	var list struct {
		Devices []struct{ ID, Kind string } `json:"devices"`
	}
	k.call("GET", "/devices", nil, &list)
	for _, d := range list.Devices {
		if d.Kind == "local" {
			return d.ID
		}
	}
	k.t.Fatal("there is no local device")
	return ""
}

func (k *keepstead) job(id string) job {
	k.t.Helper()
	var j job
	k.call("GET", "/jobs/"+id, nil, &j)
	return j
}

func (k *keepstead) jobs(query string) []job {
	k.t.Helper()
	var list struct {
		Jobs []job `json:"jobs"`
	}
	k.call("GET", "/jobs?"+query, nil, &list)
	return list.Jobs
}

var final = []string{"success", "partial", "failed", "cancelled", "interrupted"}

// wait returns the job when it has ended.
func (k *keepstead) wait(id string) job {
	k.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if j := k.job(id); slices.Contains(final, j.State) {
			return j
		}
	}
	k.t.Fatalf("job %s does not end: %+v; open are %+v", id, k.job(id), k.jobs("state=queued&state=running"))
	return job{}
}

// quiet waits until no job is queued or running.
func (k *keepstead) quiet() {
	k.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if len(k.jobs("state=queued&state=running")) == 0 {
			return
		}
	}
	k.t.Fatalf("jobs do not end: %+v", k.jobs("state=queued&state=running"))
}

// backup runs a manual backup to its end and returns the snapshots by destination.
func (k *keepstead) backup(configuration, want string) map[string]snapshot {
	k.t.Helper()
	var s started
	k.call("POST", "/backup/configurations/"+configuration+"/backup", nil, &s)
	out := map[string]snapshot{}
	for _, each := range s.Snapshots {
		if j := k.wait(each.JobID); j.State != want {
			_, text := k.try("GET", "/jobs/"+each.JobID+"/log", nil)
			k.t.Fatalf("backup is %s, want %s: %s; its log:\n%s", j.State, want, j.Message, text)
		}
		out[each.DestinationID] = k.snapshot(each.SnapshotID)
	}
	return out
}

func (k *keepstead) snapshot(id string) snapshot {
	k.t.Helper()
	var s snapshot
	k.call("GET", "/backup/snapshots/"+id, nil, &s)
	return s
}

func (k *keepstead) snapshots(query url.Values) []snapshot {
	k.t.Helper()
	var list struct {
		Snapshots []snapshot `json:"snapshots"`
	}
	k.call("GET", "/backup/snapshots?"+query.Encode(), nil, &list)
	return list.Snapshots
}

func (k *keepstead) destination(id string) destination {
	k.t.Helper()
	var d destination
	k.call("GET", "/backup/destinations/"+id, nil, &d)
	return d
}

// restore restores a snapshot, or files of it, to a new folder and returns the folder.
func (k *keepstead) restore(snapshot string, files ...string) string {
	k.t.Helper()
	target := filepath.Join(k.t.TempDir(), "restored")
	in := body{"target_path": target}
	if files != nil {
		in["files"] = files
	}
	var answer struct {
		Success bool   `json:"success"`
		Path    string `json:"restored_path"`
	}
	k.call("POST", "/backup/snapshots/"+snapshot+"/restore", in, &answer)
	if !answer.Success || answer.Path != target {
		k.t.Fatalf("restore answered %+v, want success at %s", answer, target)
	}
	return target
}

func newFolder(t testing.TB, parts ...string) string {
	t.Helper()
	return filepath.Join(append([]string{t.TempDir()}, parts...)...)
}
