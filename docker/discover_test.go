package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"keepstead/device"
	"keepstead/model"
	"keepstead/testbed"
)

// localFiles are the files of this machine.
func localFiles(t testing.TB, e *Engine) device.Files {
	t.Helper()
	files, err := e.host.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// theProject discovers one project afresh.
func theProject(t *testing.T, e *Engine, key Key) Project {
	t.Helper()
	p, err := e.Project(t.Context(), localFiles(t, e), key)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// roles lists the mounts of a project: label, role.
func roles(p Project) []string {
	var out []string
	for _, m := range p.Found.Mounts {
		label := m.Label()
		if m.Anonymous {
			label = "anonymous"
		}
		if p.Found.WorkingDir != "" {
			label = strings.TrimPrefix(label, p.Found.WorkingDir+"/")
		}
		out = append(out, strings.TrimPrefix(label, p.Name+"_")+" "+string(m.Role))
	}
	slices.Sort(out)
	return out
}

func TestAProjectIsFoundWhole(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	on := testbed.NewProject(t, testbed.Everything)
	bed.Up(t, on.Dir)
	p := theProject(t, e, Key{Project: on.Name})
	everything(t, on, p)
	for _, s := range p.Found.Services {
		if s.Running != 1 || s.State != "running" || s.Health != "healthy" {
			t.Errorf("%s: %d run, %s, %s", s.Name, s.Running, s.State, s.Health)
		}
	}
	if web := p.Found.Services[4]; !slices.Equal(web.DependsOn, []string{"mariadb", "postgres", "sqlite", "valkey"}) ||
		!slices.Equal(web.Ports, []string{strings.TrimPrefix(on.URL, "http://") + "->8080/tcp"}) {
		t.Errorf("web depends on %q and publishes %q", web.DependsOn, web.Ports)
	}

	// Stopped, it is the same; and paused too.
	bed.Compose(t, on.Dir, "pause", "web")
	if web := theProject(t, e, p.Key).Found.Services[4]; web.State != "paused" || web.Running != 1 {
		t.Errorf("paused, web is %s", web.State)
	}
	bed.Compose(t, on.Dir, "unpause", "web")
	bed.Compose(t, on.Dir, "stop")
	stopped := theProject(t, e, p.Key)
	everything(t, on, stopped)
	for _, s := range stopped.Found.Services {
		if s.Running != 0 || s.State != "exited" {
			t.Errorf("stopped, %s is %s, and %d run", s.Name, s.State, s.Running)
		}
	}

	// Without its files, it is known from its containers.
	if err := os.Rename(on.Dir, on.Dir+".away"); err != nil {
		t.Fatal(err)
	}
	bare := theProject(t, e, p.Key)
	if want := "The file " + on.Dir + "/docker-compose.yml is not there any more."; !strings.Contains(bare.Found.ComposeError, want) {
		t.Errorf("the problem is %q", bare.Found.ComposeError)
	}
	if want := []string{"anonymous data", "config lost", "db_password.txt lost", "files data", "mariadb lost", "postgres data"}; !slices.Equal(roles(bare), want) {
		t.Errorf("mounts are %q", roles(bare))
	}
	if len(bare.Compose) != 0 || len(bare.Containers) != 5 {
		t.Errorf("%d files, %d containers", len(bare.Compose), len(bare.Containers))
	}
	if _, err := e.Project(t.Context(), localFiles(t, e), Key{Project: "nobody"}); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("a project that is not there: %v", err)
	}
}

// everything checks what is the same whatever state the project is in.
func everything(t *testing.T, on *testbed.Project, p Project) {
	t.Helper()
	raw, err := json.Marshal(p.Found)
	if err != nil || strings.Contains(string(raw), on.Password) {
		t.Errorf("what is found cannot be shown to people: %v", err)
	}
	if p.Found.WorkingDir != on.Dir || !slices.Equal(p.Found.ConfigFiles, []string{on.Dir + "/docker-compose.yml"}) || p.Found.ComposeError != "" {
		t.Errorf("files are %s, %q, %s", p.Found.WorkingDir, p.Found.ConfigFiles, p.Found.ComposeError)
	}
	if want := []string{"docker-compose.yml", "e:.env", "o:db_password.txt"}; !slices.Equal(names(on.Dir, p.Compose), want) {
		t.Errorf("files are %v", p.Compose)
	}
	if want := []string{"anonymous data", "config data", "db_password.txt data", "files data", "mariadb data", "postgres data"}; !slices.Equal(roles(p), want) {
		t.Errorf("mounts are %q", roles(p))
	}
	if want := []string{on.Name + "_back", on.Name + "_front"}; !slices.Equal(p.Found.Networks, want) || len(p.Networks) != 2 || !p.Networks[0].Internal || p.Networks[0].External {
		t.Errorf("networks are %+v", p.Networks)
	}
	var services []string
	for _, s := range p.Found.Services {
		services = append(services, s.Name+" "+s.Image)
	}
	if want := []string{"mariadb mariadb:10.11", "postgres postgres:15", "sqlite sqliteapp:1", "valkey valkey/valkey:7", "web webapp:1"}; !slices.Equal(services, want) {
		t.Errorf("services are %q", services)
	}
	db := p.Containers[1]
	if db.Service != "postgres" || db.Env["POSTGRES_PASSWORD_FILE"] != "/run/secrets/db_password" || len(db.Mounts) != 2 || db.Spec.Name != db.Name || db.Self {
		t.Errorf("the database's container is %s with %d mounts", db.Name, len(db.Mounts))
	}
	for _, v := range p.Volumes {
		if _, err := os.Stat(v.Path); err != nil {
			t.Errorf("%s is at %q: %v", v.Label(), v.Path, err)
		}
		if v.Name == on.Volume("files") && (!slices.Equal(v.Users, []string{"sqlite:/data", "web:/files"}) || v.Labels[composeVolume] != "files") {
			t.Errorf("the volume is %+v", v)
		}
	}
}

func TestContainersOfAllKinds(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	files := localFiles(t, e)
	create := func(args ...string) { t.Helper(); bed.Docker(t, append([]string{"create"}, args...)...) }
	shared, linked := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(shared, linked); err != nil {
		t.Fatal(err)
	}
	compose := laid(t, map[string]string{"compose.yml": "services: {web: {image: a}"}) // a brace is missing
	odd := "\u202e<script>alert(1)</script>" + strings.Repeat("x", 100)

	create("--name", "lone", "-v", "lonedata:/data", "-v", "/etc/localtime:/etc/localtime:ro", "-l", "keepstead.policy=nightly", "-p", "127.0.0.1:8099:80", "webapp:1")
	create("--name", "for-a-moment", "--rm", "webapp:1")
	create("--name", "for-a-moment-with-data", "--rm", "-v", "kept:/x", "webapp:1")
	create("--name", "a-task", "-l", "com.docker.swarm.task.id=abc", "webapp:1")
	create("--name", "one-off", "-l", composeProject+"=p", "-l", composeService+"=web", "-l", composeOneOff+"=True", "webapp:1")
	create("--name", "p_web_1", "-l", composeProject+"=p", "-l", composeService+"="+odd, "-v", shared+":/movies:ro", "webapp:1")
	create("--name", "q_web_1", "-l", composeProject+"=q", "-l", composeService+"=web", "-l", composeDir+"="+compose, "-l", composeConfigs+"=compose.yml", "-v", shared+":/media/movies:ro", "webapp:1")
	create("--name", "q_web_2", "-l", composeProject+"=q", "-l", composeService+"=web", "-l", composeNumber+"=2", "webapp:1")
	create("--name", "no-project", "-l", composeProject+"=a\nb", "webapp:1")
	create("--name", "endless", "-l", composeProject+"="+strings.Repeat("y", 5000), "webapp:1")
	create("--name", strings.Repeat("n", 200), "webapp:1")
	bed.Docker(t, "volume", "create", "--opt", "type=nfs", "--opt", "o=addr=192.0.2.1,rw", "--opt", "device=:/export", "share")
	bed.Docker(t, "volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "memory")
	bed.Docker(t, "volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device="+shared, "stands-for")
	bed.Docker(t, "network", "create", "--internal", "outside")
	create("--name", "mounts", "-v", "share:/share", "-v", "memory:/memory", "-v", "stands-for:/there", "-v", linked+":/linked", "-v", "/:/host:ro", "-v", bed.Socket+":/var/run/docker.sock", "--network", "outside", "webapp:1")

	found, err := e.Projects(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Project{}
	var got []string
	for _, p := range found {
		byName[p.Name] = p
		got = append(got, p.Name)
	}
	want := []string{"endless", "for-a-moment-with-data", "lone", "mounts", strings.Repeat("n", 200), "no-project", "p", "q"}
	if !slices.Equal(got, want) {
		t.Fatalf("found %q,\nwant %q", got, want)
	}
	if p := byName["lone"]; p.Container != "lone" || p.Project != "" || p.Kind() != model.AppContainer || p.Found.Services[0].Name != "lone" ||
		p.Found.Labels["policy"] != "nightly" || p.Found.Services[0].State != "created" || !slices.Equal(p.Found.Services[0].Ports, []string{"127.0.0.1:8099->80/tcp"}) {
		t.Errorf("the lone one is %+v", p.Found)
	}
	if p := byName["p"]; len(p.Containers) != 1 || p.Found.Services[0].Name != odd || p.Found.ComposeError == "" {
		t.Errorf("the odd one is %+v", p.Found)
	}
	if q := byName["q"]; len(q.Found.Services) != 1 || len(q.Found.Services[0].Containers) != 2 || !strings.Contains(q.Found.ComposeError, "cannot be understood") || len(q.Compose) != 1 {
		t.Errorf("the one that does not parse is %+v", q.Found)
	}
	for name, want := range map[string][]string{
		"lone":   {"/etc/localtime left", "lonedata data"},
		"q":      {shared + " ask"},
		"mounts": {"/ left", bed.Socket + " left", linked + " data", "memory left", "share lost", "stands-for data"},
	} {
		if got := roles(byName[name]); !slices.Equal(got, want) {
			t.Errorf("the mounts of %s are %q, want %q", name, got, want)
		}
	}
	for _, v := range byName["mounts"].Volumes {
		if v.Source == linked && v.Path != shared {
			t.Errorf("a link is seen at %s", v.Path)
		}
		if v.Name == "stands-for" && (v.Source != shared || v.Path != shared || v.Options["o"] != "bind") {
			t.Errorf("the volume that stands for a folder is %+v", v)
		}
	}
	if n := byName["mounts"].Networks; len(n) != 1 || n[0].Name != "outside" || !n[0].External || !n[0].Internal || len(n[0].Subnets) != 1 {
		t.Errorf("networks are %+v", n)
	}
}

func TestAProjectIsRenamed(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	on := testbed.NewProject(t, testbed.SQLite)
	bed.Up(t, on.Dir)
	before := theProject(t, e, Key{Project: on.Name})
	old := []model.App{{ID: ids[0], Kind: model.AppCompose, Project: "other"}, {ID: ids[1], Kind: model.AppCompose, Project: on.Name, Found: &before.Found}}
	bed.Compose(t, on.Dir, "down")
	env := filepath.Join(on.Dir, ".env")
	text, err := os.ReadFile(env)
	if err == nil {
		err = os.WriteFile(env, []byte(strings.ReplaceAll(string(text), on.Name, "renamed")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	bed.Up(t, on.Dir)
	if id, ok := Match(old, theProject(t, e, Key{Project: "renamed"})); !ok || id != ids[1] {
		t.Errorf("the renamed project is %s, %t", id, ok)
	}

	bed.Docker(t, "create", "--name", "first", "-v", "d:/d", "webapp:1")
	lone := theProject(t, e, Key{Container: "first"})
	bed.Docker(t, "rename", "first", "second")
	old = append(old, model.App{ID: ids[2], Kind: model.AppContainer, Found: &lone.Found})
	if id, ok := Match(old, theProject(t, e, Key{Container: "second"})); !ok || id != ids[2] {
		t.Errorf("the renamed container is %s, %t", id, ok)
	}
	if id, ok := Match(old, lone); !ok || id != ids[2] {
		t.Errorf("the container under its old name is %s, %t", id, ok)
	}
}

// busy is how much slower than alone a machine may be that runs many tests at once.
const busy = 15

func TestTwoHundred(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	files := localFiles(t, e)
	createApps(t, bed, 200)
	for _, round := range []string{"the first time", "again"} {
		began := time.Now()
		found, err := e.Projects(t.Context(), files)
		took := time.Since(began)
		if err != nil || len(found) != 200 {
			t.Fatalf("found %d, %v", len(found), err)
		}
		t.Logf("200 projects with a file, a volume and a folder each, %s: %s", round, took) // BenchmarkDiscovery measures it
	}
}

// createApps makes many projects, each of a compose file, a volume, a folder and a container that does not run.
func createApps(t testing.TB, bed *testbed.Engine, n int) {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join(testbed.Root(t), "testbed", "projects", testbed.Everything, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	create := func(name string) error {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(at, "data"), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(at, "compose.yml"), text, 0o600); err != nil {
			return err
		}
		_, err := bed.Run(t.Context(), "create", "--name", name+"-web-1", "-l", composeProject+"="+name, "-l", composeService+"=web", "-l", composeDir+"="+at,
			"-l", composeConfigs+"="+at+"/compose.yml", "-v", name+":/data", "-v", at+"/data:/more", "webapp:1")
		return err
	}
	var group errgroup.Group
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error { return create(fmt.Sprintf("app%03d", i)) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkDiscovery finds 200 apps, as at the first start and as every few minutes.
func BenchmarkDiscovery(b *testing.B) {
	bed := testbed.NewEngine(b)
	createApps(b, bed, 200)
	e := reach(b, bed)
	files := localFiles(b, e)
	look := func(b *testing.B) {
		b.Helper()
		if found, err := e.Projects(b.Context(), files); err != nil || len(found) != 200 {
			b.Fatalf("found %d, %v", len(found), err)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			e.memory, e.looks = memory{}, newLooks()
			b.StartTimer()
			look(b)
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			look(b)
		}
	})
}
