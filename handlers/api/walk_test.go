package api

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

// TestSpecWalk does what the spec describes, with its requests to the letter, as a platform would.
func TestSpecWalk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	local, err := h.db.LocalDevice(t.Context())
	must(t, err)
	bucket := testbed.S3(t)

	cloud := h.send("POST", "/backup/destinations/s3", map[string]any{
		"name": "Backblaze B2", "endpoint": bucket.Endpoint, "bucket": bucket.Name, "region": bucket.Region,
		"access_key": bucket.AccessKey, "secret_key": bucket.SecretKey, "path_style": true,
	}, 201)
	members(t, cloud, "id", "name", "type", "repo_initialized")
	nas := h.send("POST", "/backup/destinations/local", map[string]any{
		"name": "NAS Backups", "device_id": local.ID, "path": filepath.Join(h.dir, "nas"),
	}, 201)
	if d := read[Destination](nas); d.Type != model.DestinationLocal || !d.RepoInitialized || len(d.RepoID) != 64 || d.LocalDeviceID != local.ID {
		t.Errorf("got %+v", d)
	}
	ids := []uuid.UUID{read[Destination](cloud).ID, read[Destination](nas).ID}

	policy := read[Policy](h.send("POST", "/backup/policies", map[string]any{
		"name": "Daily Backups", "schedule": "0 2 * * *", "keep_daily": 7, "keep_weekly": 4, "keep_monthly": 6,
		"destination_ids": ids,
	}, 201))
	if len(policy.NextRuns) != 5 || policy.ScheduleWords == "" || !slices.Equal(policy.DestinationIDs, ids) || !policy.Enabled {
		t.Errorf("got %+v", policy)
	}

	appID := uuid.New() // the platform's own id, of any version
	src := h.folder("src", map[string]string{"a.txt": "a", "sub/[b].txt": "b", "sub/c*.txt": "c"})
	declare := map[string]any{"name": "Photos", "device_id": local.ID, "paths": []string{src}}
	h.send("PUT", "/apps/"+appID.String(), declare, 201)
	app := read[App](h.send("PUT", "/apps/"+appID.String(), declare, 200))
	if app.ID != appID || app.Origin != model.OriginPlatform || len(app.Configurations) != 1 {
		t.Fatalf("got %+v", app)
	}

	enable := map[string]any{"app_id": appID, "policy_id": policy.ID, "backup_volumes": true, "backup_compose": true, "backup_env": false}
	conf := read[Configuration](h.send("POST", "/backup/configurations", enable, 201))
	if conf.AppID != appID || conf.PolicyID != policy.ID || conf.Automatic || conf.BackupEnv || !conf.BackupVolumes || !conf.Enabled {
		t.Errorf("got %+v", conf)
	}
	h.send("POST", "/backup/configurations", enable, 409)

	started := h.send("POST", "/backup/configurations/"+conf.ID.String()+"/backup", nil, 202)
	members(t, started, "snapshot_id", "status")
	backup := read[StartedBackup](started)
	if backup.Status != model.SnapshotInProgress || len(backup.Snapshots) != 2 {
		t.Fatalf("got %+v", backup)
	}
	for _, s := range backup.Snapshots {
		if job := h.wait(s.JobID.String()); job.State != model.JobSuccess {
			t.Fatalf("backup ended %s: %s", job.State, job.Message)
		}
	}

	listed := h.send("GET", "/backup/snapshots?app_id="+appID.String(), nil, 200)
	snapshots := read[SnapshotList](listed).Snapshots
	if len(snapshots) != 2 || snapshots[0].Status != model.SnapshotSuccess || len(snapshots[0].ResticSnapshotID) != 64 || snapshots[0].CompletedAt == nil {
		t.Fatalf("got %s", listed.body)
	}

	target := filepath.Join(h.dir, "restored")
	restored := h.send("POST", "/backup/snapshots/"+snapshots[0].ID.String()+"/restore", map[string]any{
		"target_device_id": local.ID, "target_path": target, "files": []string{"sub/[b].txt", filepath.Join(src, "sub/c*.txt")},
	}, 200)
	result := read[RestoreResult](restored)
	if !result.Success || result.Message != "Restore completed successfully" || result.RestoredPath != target {
		t.Errorf("got %s", restored.body)
	}
	for file, want := range map[string]string{"a.txt": "", "sub/[b].txt": "b", "sub/c*.txt": "c"} {
		got, err := os.ReadFile(filepath.Join(target, src, file))
		if string(got) != want || (want == "") != os.IsNotExist(err) {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	for _, got := range []answer{cloud, nas, started, listed, restored, h.send("GET", "/jobs", nil, 200)} {
		if strings.Contains(string(got.body), bucket.SecretKey) || strings.Contains(string(got.body), bucket.AccessKey) {
			t.Errorf("a credential is shown: %s", got.body)
		}
	}
}

// members wants the spec's members in the answer.
func members(t *testing.T, got answer, names ...string) {
	t.Helper()
	var m map[string]any
	must(t, json.Unmarshal(got.body, &m))
	for _, name := range names {
		if _, ok := m[name]; !ok {
			t.Errorf("%q is missing: %s", name, got.body)
		}
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.destination("nas")
	app, conf := h.app("photos")
	s := h.backup(conf)
	at := "/backup/snapshots/" + s.ID.String()

	files := read[FileList](h.send("GET", at+"/files?path="+url.QueryEscape(app.Paths[0]), nil, 200))
	if len(files.Files) != 2 || files.Files[0].Mode == "" {
		t.Errorf("got %+v", files)
	}
	if root := read[FileList](h.send("GET", at+"/files", nil, 200)); root.Path != "/" || len(root.Files) != 1 || root.Files[0].Type != "dir" {
		t.Errorf("got %+v", root)
	}

	h.download(at, app.Paths[0])

	// In place: what was deleted comes back, and the plan says so first.
	lost := filepath.Join(app.Paths[0], "one.txt")
	must(t, os.Remove(lost))
	plan := read[RestorePlan](h.send("POST", at+"/restore/plan", map[string]any{"in_place": true}, 200))
	if plan.NewFiles < 1 || plan.Overwrites != 0 {
		t.Errorf("got %+v", plan)
	}
	back := read[RestoreResult](h.send("POST", at+"/restore", map[string]any{"in_place": true}, 200))
	if text, err := os.ReadFile(lost); err != nil || string(text) != "one" || back.RestoredPath != app.Paths[0] {
		t.Errorf("got %q, %v, %+v", text, err, back)
	}

	// What is overwritten is saved first, unless the request says otherwise.
	if back.SafetySnapshotID == uuid.Nil {
		t.Errorf("what was there is not saved: %+v", back)
	}
	if saved := read[Snapshot](h.send("GET", "/backup/snapshots/"+back.SafetySnapshotID.String(), nil, 200)); !saved.Safety {
		t.Errorf("got %+v", saved)
	}
	unsaved := map[string]any{"in_place": true, "skip_safety": true, "keep_running": true}
	if back := read[RestoreResult](h.send("POST", at+"/restore", unsaved, 200)); back.SafetySnapshotID != uuid.Nil {
		t.Errorf("got %+v", back)
	}

	// Asynchronous: 202, and the job tells the rest.
	body := map[string]any{"target_path": filepath.Join(h.dir, "async")}
	got := h.send("POST", at+"/restore", body, 202, "Prefer", "wait=5, Respond-Async;x=1")
	job := read[Job](got)
	if got.header.Get("Preference-Applied") != "respond-async" || got.header.Get("Location") != "/api/v1/jobs/"+job.ID.String() {
		t.Errorf("headers %v", got.header)
	}
	if ended := h.wait(job.ID.String()); ended.State != model.JobSuccess || ended.Result == nil || ended.Result.Files < 3 || ended.Restore.TargetPath != body["target_path"] {
		t.Errorf("got %+v", ended)
	}
	h.send("POST", "/jobs/"+job.ID.String()+"/retry", nil, 409)
	h.send("POST", "/jobs/"+job.ID.String()+"/cancel", nil, 409)
	if log := h.send("GET", "/jobs/"+job.ID.String()+"/log", nil, 200); len(log.body) == 0 || !strings.HasPrefix(log.header.Get("Content-Type"), "text/plain") {
		t.Errorf("log: %q", log.body)
	}
}

// TestFailedRestore takes the repository away and wants the failure in the restore's own shape.
func TestFailedRestore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination("nas")
	_, conf := h.app("photos")
	s := h.backup(conf)
	packs := filepath.Join(d.LocalPath, "data")
	must(t, os.Rename(packs, packs+".gone"))
	target := filepath.Join(h.dir, "out")
	got := h.send("POST", "/backup/snapshots/"+s.ID.String()+"/restore", map[string]any{"target_path": target}, 500)
	p := read[RestoreProblem](got)
	if p.Success || p.Message == "" || p.RestoredPath != target || p.JobID == uuid.Nil || p.Type != "urn:keepstead:problem:restore-failed" || p.Cause == "" {
		t.Errorf("got %s", got.body)
	}
	must(t, os.Rename(packs+".gone", packs))
	job := read[Job](h.send("POST", "/jobs/"+p.JobID.String()+"/retry", nil, 202))
	if ended := h.wait(job.ID.String()); ended.State != model.JobSuccess || ended.RetryOf != p.JobID {
		t.Errorf("got %+v", ended)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination("nas")
	app, conf := h.app("photos")
	h.send("PATCH", "/backup/configurations/"+conf.ID.String(), map[string]any{"retention": map[string]any{"keep_last": 10}}, 200)
	var ids []string
	for range 3 {
		ids = append([]string{h.backup(conf).ID.String()}, ids...)
	}
	var seen []string
	for cursor := ""; ; {
		page := read[SnapshotList](h.send("GET", "/backup/snapshots?limit=2&app_id="+app.ID.String()+cursor, nil, 200))
		for _, s := range page.Snapshots {
			seen = append(seen, s.ID.String())
		}
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + page.NextCursor.String()
	}
	if !slices.Equal(seen, ids) {
		t.Errorf("paged through %v, want %v", seen, ids)
	}
	soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	offset := url.QueryEscape(time.Now().Add(time.Hour).In(time.FixedZone("", 7200)).Format(time.RFC3339))
	for query, want := range map[string]int{
		"status=success":                           3,
		"status=failed":                            0,
		"configuration_id=" + conf.ID.String():     3,
		"destination_id=" + d.ID.String():          3,
		"destination_id=" + someID:                 0,
		"app_id=" + someID:                         0,
		"from=" + soon:                             0,
		"from=" + offset:                           0,
		"to=" + soon:                               3,
		"limit=1":                                  1,
		"from=2020-01-01T00:00:00Z&status=success": 3,
	} {
		if got := read[SnapshotList](h.send("GET", "/backup/snapshots?"+query, nil, 200)).Snapshots; len(got) != want {
			t.Errorf("%s: %d snapshots, want %d", query, len(got), want)
		}
	}
	for query, want := range map[string]int{
		"kind=backup": 3, "kind=backup&kind=restore&state=success": 3, "kind=restore": 0,
		"kind=backup&configuration_id=" + conf.ID.String(): 3, "snapshot_id=" + ids[0] + "&kind=backup": 1, "kind=backup&limit=2": 2,
	} {
		if got := read[JobList](h.send("GET", "/jobs?"+query, nil, 200)).Jobs; len(got) != want {
			t.Errorf("%s: %d jobs, want %d", query, len(got), want)
		}
	}

	// Forgetting one snapshot takes exactly that one away.
	job := read[Job](h.send("DELETE", "/backup/snapshots/"+ids[1], nil, 202))
	if ended := h.wait(job.ID.String()); ended.State != model.JobSuccess || ended.Kind != model.JobForget {
		t.Fatalf("got %+v", ended)
	}
	h.send("GET", "/backup/snapshots/"+ids[1], nil, 404)
	h.send("GET", "/backup/snapshots/"+ids[0], nil, 200)
	h.send("GET", "/backup/snapshots/"+ids[2], nil, 200)
}
