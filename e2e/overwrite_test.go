package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// placedJob is the job of a restore in place, as far as its tests read it.
type placedJob struct {
	State      string  `json:"state"`
	Mend       string  `json:"mend"`
	FinishedAt *string `json:"finished_at"`
	Steps      []struct {
		Title string `json:"title"`
		State string `json:"state"`
	} `json:"steps"`
	Result struct {
		SafetyID string `json:"safety_id"`
	} `json:"result"`
}

func (k *keepstead) placed(id string) (j placedJob) {
	k.t.Helper()
	k.call("GET", "/jobs/"+id, nil, &j)
	return j
}

// restoreInPlace asks for a restore of all files to their place and returns its job at once.
func (k *keepstead) restoreInPlace(snapshot string) (id string) {
	k.t.Helper()
	req, err := http.NewRequest("POST", k.url+"/api/v1/backup/snapshots/"+snapshot+"/restore", strings.NewReader(`{"in_place":true}`))
	if err != nil {
		k.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+k.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Prefer", "respond-async")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, id, _ = strings.Cut(res.Header.Get("Location"), "/jobs/")
	if res.StatusCode != http.StatusAccepted || id == "" {
		k.t.Fatalf("the restore answers %s", res.Status)
	}
	return id
}

// TestKilledDuringASafetySnapshot kills Keepstead while it saves what a restore is about to overwrite: nothing is, the job
// says so, and the next one has the way back.
func TestKilledDuringASafetySnapshot(t *testing.T) {
	t.Parallel()
	k := serve(t)
	repository, app := newFolder(t, "repository"), newFolder(t, "app")
	file := filepath.Join(app, "file")
	writeFile(t, file, "then")
	d := k.addFolder("Disk", repository)
	_, configuration := k.addApp("App", k.addPolicy("P", []string{d.ID}, nil), app)
	good := k.backup(configuration, "success")[d.ID]
	k.quiet()
	writeFile(t, file, "now")
	writeRandom(t, filepath.Join(app, "large"), 512<<20)

	id := k.restoreInPlace(good.ID)
	saving := func() bool {
		j := k.placed(id)
		return len(j.Steps) > 0 && j.Steps[0].State == "running" && resticRuns(descendants(k.cmd.Process.Pid))
	}
	for deadline := time.Now().Add(30 * time.Second); !saving(); time.Sleep(5 * time.Millisecond) {
		if j := k.placed(id); time.Now().After(deadline) || j.FinishedAt != nil {
			t.Fatalf("the safety snapshot was not met: %+v", j)
		}
	}
	time.Sleep(200 * time.Millisecond)
	children := descendants(k.cmd.Process.Pid)
	k.kill()
	awaitGone(t, children, 15*time.Second)
	if text, err := os.ReadFile(file); err != nil || string(text) != "now" {
		t.Fatalf("after the kill the file holds %q, %v", text, err)
	}
	k.start()
	j := k.placed(id)
	if j.State != "interrupted" || !strings.Contains(j.Mend, "Nothing was overwritten") {
		t.Errorf("after the crash the job is %+v", j)
	}
	k.quiet()
	wantUnlocked(t, repository, k.password("Disk"))

	done := k.placed(k.wait(k.restoreInPlace(good.ID)).ID)
	if text, err := os.ReadFile(file); err != nil || string(text) != "then" || done.State != "success" || done.Result.SafetyID == "" {
		t.Fatalf("the next restore is %+v, the file holds %q, %v", done, text, err)
	}
	back := k.placed(k.wait(k.restoreInPlace(done.Result.SafetyID)).ID)
	if text, err := os.ReadFile(file); err != nil || string(text) != "now" || back.State != "success" {
		t.Errorf("the way back is %+v, the file holds %q, %v", back, text, err)
	}
}
