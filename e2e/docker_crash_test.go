package e2e

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"keepstead/testbed"
)

// TestKilledWhileAnAppIsHeld kills Keepstead thirty times at random points of stops, pauses, dumps and restores, on three
// engines side by side. After the next start every container is as it was, what was staged is gone, the job says
// interrupted, and the backup that makes up for it succeeds.
func TestKilledWhileAnAppIsHeld(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	interrupted := map[string]int{}
	t.Run("engines", func(t *testing.T) {
		for n := range 3 {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				for kind, times := range killWhileHeld(t, n*10) {
					mu.Lock()
					interrupted[kind] += times
					mu.Unlock()
				}
			})
		}
	})
	for _, kind := range heldKinds {
		if interrupted[kind] == 0 && !t.Failed() {
			t.Errorf("no %s was met in the middle: %v", kind, interrupted)
		}
	}
}

// heldKinds are the ways in which a job holds an app.
var heldKinds = []string{"stop", "pause", "dump", "restore", "files"}

// killWhileHeld kills Keepstead ten times, beginning with the kind of that round, and counts the kinds it met in the middle.
func killWhileHeld(t *testing.T, first int) (interrupted map[string]int) {
	t.Helper()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Postgres)
	k, _ := serveDocker(t, e, never)
	e.Up(t, p.Dir)
	// One container was stopped before, and stays so.
	e.Docker(t, "create", "--name", p.Name+"-idle", "--label", "com.docker.compose.project="+p.Name,
		"--label", "com.docker.compose.service=idle", "--label", "com.docker.compose.oneoff=False",
		"--label", "com.docker.compose.container-number=1", "webapp:1")
	a := k.awaitApp(p.Name, 10*time.Second, protected)
	whole := k.backupApp(a, "success")
	before := states(t, e, p.Name)
	rows := func() string {
		return e.Docker(t, "exec", p.Container("db"), "psql", "-U", "shop", "-At", "-c", "SELECT count(*) FROM pg_class")
	}
	want := rows()

	interrupted = map[string]int{}
	for round := first; round < first+10; round++ {
		kind := heldKinds[round%len(heldKinds)]
		var id string
		if restored := map[string]string{"restore": `{"app":{"mode":"in_place"}}`, "files": `{"in_place":true}`}[kind]; restored != "" {
			go k.beginRestore(whole.ID, restored)
			id = k.awaitRunning("restore")
		} else {
			strategies := map[string]string{"web": kind, "db": kind}
			if kind == "dump" {
				strategies = map[string]string{"web": "hot", "db": "dump"}
			}
			k.call("PATCH", "/backup/configurations/"+a.Configurations[0].ID, body{"capture": body{"strategies": strategies}}, nil)
			k.call("POST", "/backup/configurations/"+a.Configurations[0].ID+"/backup", nil, nil)
			id = k.awaitRunning("backup")
		}
		time.Sleep(time.Duration(rand.IntN(map[bool]int{true: 6000, false: 1500}[kind == "restore"])) * time.Millisecond)
		k.kill()
		k.start()
		k.quiet()
		j := k.job(id)
		switch j.State {
		case "interrupted":
			interrupted[kind]++
		case "success":
		default:
			_, text := k.try("GET", "/jobs/"+id+"/log", nil)
			t.Fatalf("round %d, %s: after the crash the job is %+v; its log:\n%s", round, kind, j, text)
		}
		for _, j := range k.jobs("state=failed") {
			t.Fatalf("round %d, %s: after the crash this failed: %+v", round, kind, j)
		}
		awaitStates(t, e, p.Name, before)
		e.AwaitHealthy(t, p.Dir)
		if got := rows(); got != want {
			t.Fatalf("round %d, %s: the database has %s, want %s", round, kind, got, want)
		}
		wantNothingStaged(t, k.data, filepath.Join(e.Root, "volumes"), p.Dir)
	}
	return interrupted
}

// beginRestore asks for a restore in place. Its answer comes when the restore ends, which it may not live to see.
func (k *keepstead) beginRestore(snapshot, options string) {
	req, err := http.NewRequest("POST", k.url+"/api/v1/backup/snapshots/"+snapshot+"/restore", strings.NewReader(options))
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+k.token)
	req.Header.Set("Content-Type", "application/json")
	if res, err := http.DefaultClient.Do(req); err == nil {
		_ = res.Body.Close()
	}
}

func (k *keepstead) awaitRunning(kind string) string {
	k.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, j := range k.jobs("kind=" + kind + "&state=running") {
			return j.ID
		}
	}
	k.t.Fatalf("no %s begins", kind)
	return ""
}

func awaitStates(t *testing.T, e *testbed.Engine, project string, want map[string]string) {
	t.Helper()
	var got map[string]string
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if got = states(t, e, project); maps.Equal(got, want) {
			return
		}
	}
	t.Fatalf("containers are %v, were %v", got, want)
}

// wantNothingStaged checks that no dump, manifest or content set aside is left on the disk.
func wantNothingStaged(t *testing.T, data string, folders ...string) {
	t.Helper()
	if left, _ := os.ReadDir(filepath.Join(data, "staging")); len(left) > 0 {
		t.Errorf("staged files are left: %v", left)
	}
	for _, dir := range folders {
		err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, _ error) error {
			if strings.Contains(filepath.Base(name), ".keepstead-") {
				t.Errorf("%s is left", name)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
