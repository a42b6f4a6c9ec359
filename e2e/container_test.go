package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// Keepstead in a container finds the project beside it, whose folder it sees under another path, saves it into a volume of
// its own, and brings a volume back, and then all of it.
func TestInAContainer(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Postgres)
	b := newBox(t, e, box{folders: []string{p.Dir}, under: "/host"})
	if got := b.awaitEngine("ready"); got != (boxedEngine{State: "ready"}) {
		t.Errorf("the engine is %+v, want nothing to be missing", got)
	}
	e.Up(t, p.Dir)
	a := b.awaitApp(p.Name, 10*time.Second, protected)
	uploads := filepath.Join(e.Root, "volumes", p.Volume("uploads"), "_data")
	put(t, filepath.Join(uploads, "beach.jpg"), "sand")
	s := b.backupApp(a, "success")

	put(t, filepath.Join(uploads, "beach.jpg"), "scratched")
	put(t, filepath.Join(uploads, "later.jpg"), "new")
	b.restoreApp(s.ID, "success", body{"mode": "parts", "volumes": []string{p.Volume("uploads")}})
	if got, err := os.ReadFile(filepath.Join(uploads, "beach.jpg")); err != nil || string(got) != "sand" {
		t.Errorf("the restored volume has %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(uploads, "later.jpg")); err == nil {
		t.Error("the restored volume has a file that the snapshot has not")
	}
	e.AwaitHealthy(t, p.Dir)

	settings := filepath.Join(p.Dir, "config", "app.conf")
	want, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	put(t, settings, "scratched")
	if err := os.Remove(filepath.Join(p.Dir, "web.env")); err != nil {
		t.Fatal(err)
	}
	e.Docker(t, "exec", p.Container("db"), "psql", "-U", "shop", "-c", "DROP SCHEMA public CASCADE")
	b.restoreApp(s.ID, "success", body{"mode": "in_place"})
	if got, err := os.ReadFile(settings); err != nil || string(got) != string(want) {
		t.Errorf("the restored folder has %q, %v, want %q", got, err, want)
	}
	if _, err := os.Stat(filepath.Join(p.Dir, "web.env")); err != nil {
		t.Errorf("the project's env file did not come back: %v", err)
	}
	if got := e.Docker(t, "exec", p.Container("db"), "psql", "-U", "shop", "-Atc", "SELECT count(*) > 0 FROM orders"); got != "t" {
		t.Errorf("the restored database answers %q", got)
	}
	e.AwaitHealthy(t, p.Dir)
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// It knows its own container: it never stops or pauses it, whatever the label says, and its own data is no app's.
func TestOwnContainerStaysUp(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	b := newBox(t, e, box{})
	a := b.awaitApp(b.name, 10*time.Second, protected)
	var own boxedApp
	b.call("GET", "/apps/"+a.ID, nil, &own)
	if s := own.Found.Services; !own.Found.Self || len(s) != 1 || !s[0].Self || s[0].Strategy != "hot" {
		t.Errorf("its own service is %+v, want it to be itself, and hot", s)
	}
	for name, m := range b.mounts(a.ID) {
		if m.Role != "left" || m.Why == "" {
			t.Errorf("%s of its own container is %s (%s), want it left out", name, m.Role, m.Why)
		}
	}
	for _, how := range []string{"stop", "pause"} {
		status, raw := b.try("PATCH", "/backup/configurations/"+a.Configurations[0].ID,
			body{"capture": body{"strategies": body{"keepstead": how}}})
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%s itself: %d %s, want it refused", how, status, raw)
		}
	}
	before := b.started()
	s := b.backupApp(a, "success")
	if after := b.started(); after != before {
		t.Errorf("its container was started at %s and then at %s", before, after)
	}
	password := strings.TrimSpace(b.inside("destination", "password", "Volume"))
	files := strings.Fields(string(restic(t, b.repository(), password, "ls", "--no-lock", s.ResticID)))
	for _, name := range []string{"/keepstead-manifest.json", "/docker-compose.yml"} {
		if !slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, name) }) {
			t.Errorf("its snapshot has no %s: %v", name, files)
		}
	}
	for _, f := range files {
		if strings.Contains(f, "keepstead.db") || strings.Contains(f, "master.key") || strings.Contains(f, "/repository") {
			t.Errorf("its snapshot as an app has %s", f)
		}
	}
}

// Without a mount that it needs it says which, and nothing looks whole; with it all is well.
func TestInAContainerWithoutMounts(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Postgres)
	b := newBox(t, e, box{deaf: true})
	if got := b.awaitEngine("absent"); !strings.Contains(got.Mend, "/var/run/docker.sock:/var/run/docker.sock") {
		t.Errorf("without the socket it says %+v", got)
	}
	e.Up(t, p.Dir)
	b.boxUp(box{blind: true})
	volumes := filepath.Join(e.Root, "volumes")
	if got := b.awaitEngine("ready"); !strings.Contains(got.Message, volumes) || !strings.Contains(got.Mend, volumes+":"+volumes) {
		t.Errorf("without the volumes it says %+v", got)
	}
	a := b.awaitApp(p.Name, 10*time.Second, protected)
	for name, m := range b.mounts(a.ID) {
		if strings.HasPrefix(name, p.Name) && m.Role != "dumped" && (m.Role != "lost" || !strings.Contains(m.Why, m.Source)) {
			t.Errorf("%s is %s (%s), want it lost, with its path", name, m.Role, m.Why)
		}
	}
	if s := b.backupApp(a, "partial"); s.Status != "partial" {
		t.Errorf("a snapshot without the volumes is %+v", s)
	}
	b.boxUp(box{})
	var m boxedMount
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if m = b.mounts(a.ID)[p.Volume("uploads")]; m.Role == "data" {
			break
		}
	}
	if got := b.awaitEngine("ready"); m.Role != "data" || got.Message != "" {
		t.Errorf("with the mount the volume is %+v, the engine %+v", m, got)
	}
}

// A container that is made anew under another name clears the locks of the one before, and its snapshots keep their host.
func TestContainerMadeAnew(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.SQLite)
	b := newBox(t, e, box{hostname: "first", folders: []string{p.Dir}})
	e.Up(t, p.Dir)
	a := b.awaitApp(p.Name, 10*time.Second, protected)
	first := b.backupApp(a, "success")

	// Much to save and little to do it with, so that it is met in the middle; a busy machine may need some tries.
	e.Docker(t, "update", "--cpus", "0.3", b.container())
	var id string
	for try := 0; ; try++ {
		writeRandom(t, filepath.Join(e.Root, "volumes", p.Volume("data"), "_data", "large"), 400<<20)
		b.call("POST", "/backup/configurations/"+a.Configurations[0].ID+"/backup", nil, nil)
		id = b.awaitRunning("backup")
		b.awaitLock(id)
		// Paused, it cannot end between the look and the kill. A kernel that is too busy to freeze it in time refuses.
		_, err := e.Run(t.Context(), "pause", b.container())
		left := b.locks()
		e.Docker(t, "kill", b.container())
		if err != nil {
			left = b.locks()
		}
		if left > 0 {
			break
		}
		if try == 4 {
			t.Fatal("no kill left a lock")
		}
		b.boxUp(box{hostname: "first", folders: []string{p.Dir}})
		b.quiet()
	}
	before := b.started()
	b.boxUp(box{hostname: "second", folders: []string{p.Dir}})
	if b.started() == before {
		t.Fatal("the container was not made anew")
	}
	b.awaitUnlocked()
	b.quiet()
	if j := b.job(id); j.State != "interrupted" {
		t.Errorf("the job that was cut off is %+v", j)
	}
	second := b.backupApp(a, "success")
	password := strings.TrimSpace(b.inside("destination", "password", "Volume"))
	hosts := string(restic(t, b.repository(), password, "snapshots", "--no-lock", "--json"))
	for _, s := range []snapshot{first, second} {
		if !strings.Contains(hosts, s.ResticID) {
			t.Errorf("snapshot %s is not in the repository", s.ResticID)
		}
	}
	if n := strings.Count(hosts, `"hostname":"keepstead-`); n == 0 || n != strings.Count(hosts, `"hostname":`) || strings.Contains(hosts, `"hostname":"second"`) {
		t.Errorf("the snapshots' hosts are not one: %s", hosts)
	}
}
