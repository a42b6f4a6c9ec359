package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// The API's answers about apps made of containers, as far as the tests read them.
type (
	dockerApp struct {
		ID             string       `json:"id"`
		Name           string       `json:"name"`
		Kind           string       `json:"kind"`
		Project        string       `json:"project"`
		Status         string       `json:"status"`
		Gone           bool         `json:"gone"`
		Pending        bool         `json:"pending"`
		Configurations []identified `json:"configurations"`
		Found          *found       `json:"found"`
	}
	found struct {
		Services []struct {
			Name     string `json:"name"`
			State    string `json:"state"`
			Strategy string `json:"strategy"`
			Database string `json:"database"`
		} `json:"services"`
		Mounts []struct {
			Name string `json:"name"`
			Role string `json:"role"`
		} `json:"mounts"`
	}
)

// serveDocker starts Keepstead beside an engine, with one destination in the default policy, whose schedule is given.
func serveDocker(t testing.TB, e *testbed.Engine, schedule string, env ...string) (*keepstead, destination) {
	t.Helper()
	k := serve(t, append([]string{"KEEPSTEAD_DOCKER_SOCKET=" + e.Socket}, env...)...)
	d := k.addFolder("Disk", newFolder(t, "repository"))
	k.call("PATCH", "/backup/policies/"+k.defaultPolicy(), body{"schedule": schedule, "destination_ids": []string{d.ID}}, nil)
	return k, d
}

// defaultPolicy returns the id of the policy that apps follow by themselves.
func (k *keepstead) defaultPolicy() string {
	k.t.Helper()
	var list struct {
		Policies []struct {
			ID      string `json:"id"`
			Default bool   `json:"is_default"`
		} `json:"policies"`
	}
	k.call("GET", "/backup/policies", nil, &list)
	for _, p := range list.Policies {
		if p.Default {
			return p.ID
		}
	}
	k.t.Fatal("there is no default policy")
	return ""
}

const never = "0 0 29 2 *"

// apps lists the apps that are not parts of Keepstead itself.
func (k *keepstead) apps() []dockerApp {
	k.t.Helper()
	var list struct {
		Apps []dockerApp `json:"apps"`
	}
	k.call("GET", "/apps", nil, &list)
	return slices.DeleteFunc(list.Apps, func(a dockerApp) bool { return a.Kind == "system" })
}

// awaitApp waits for the app of a project to be as wanted.
func (k *keepstead) awaitApp(project string, limit time.Duration, wanted func(dockerApp) bool) dockerApp {
	k.t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for _, a := range k.apps() {
			if a.Project == project && wanted(a) {
				var whole dockerApp
				k.call("GET", "/apps/"+a.ID, nil, &whole)
				return whole
			}
		}
	}
	k.t.Fatalf("no app of the project %q is as it should be after %s: %+v", project, limit, k.apps())
	return dockerApp{}
}

func protected(a dockerApp) bool { return len(a.Configurations) == 1 && !a.Gone }

// backupApp backs an app up and returns its snapshot.
func (k *keepstead) backupApp(a dockerApp, want string) snapshot {
	k.t.Helper()
	for _, s := range k.backup(a.Configurations[0].ID, want) {
		return s
	}
	k.t.Fatal("no backup was begun")
	return snapshot{}
}

// restoreApp restores an app and returns its job.
func (k *keepstead) restoreApp(snapshot, want string, app body) job {
	k.t.Helper()
	_, raw := k.try("POST", "/backup/snapshots/"+snapshot+"/restore", body{"app": app})
	for _, j := range k.jobs("kind=restore&limit=1") {
		if j := k.wait(j.ID); j.State != want {
			_, text := k.try("GET", "/jobs/"+j.ID+"/log", nil)
			k.t.Fatalf("restore is %s, want %s: %s; the answer was %s; its log:\n%s", j.State, want, j.Message, raw, text)
		} else {
			return j
		}
	}
	k.t.Fatalf("no restore was begun: %s", raw)
	return job{}
}

// states returns the state of every container of a project by its name.
func states(t *testing.T, e *testbed.Engine, project string) map[string]string {
	t.Helper()
	out := map[string]string{}
	text := e.Docker(t, "ps", "-a", "--no-trunc", "--filter", "label=com.docker.compose.project="+project, "--format", "{{.Names}} {{.State}}")
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if name, state, ok := strings.Cut(line, " "); ok {
			out[name] = state
		}
	}
	return out
}

// A project that starts is an app within seconds, protected, and backed up at the next slot; nobody touches Keepstead.
func TestNewProjectIsProtected(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Postgres)
	k, _ := serveDocker(t, e, "* * * * *")
	e.Up(t, p.Dir)
	a := k.awaitApp(p.Name, 10*time.Second, protected)
	if a.Kind != "compose" || a.Name != p.Name {
		t.Errorf("the app is %+v", a)
	}
	strategies := map[string]string{}
	for _, s := range a.Found.Services {
		strategies[s.Name] = s.Strategy + " " + s.Database
	}
	if strategies["db"] != "dump postgres" {
		t.Errorf("strategies are %v, want db dumped", strategies)
	}
	// The next slot is at most a minute away.
	for deadline := time.Now().Add(100 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if jobs := k.jobs("kind=backup&app_id=" + a.ID); len(jobs) > 0 && slices.Contains(final, jobs[0].State) {
			if jobs[0].State != "success" || jobs[0].Trigger != "schedule" {
				_, text := k.try("GET", "/jobs/"+jobs[0].ID+"/log", nil)
				t.Fatalf("the first backup is %+v; its log:\n%s", jobs[0], text)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no backup came at the next slot")
		}
	}
	e.Compose(t, p.Dir, "down")
	k.awaitApp(p.Name, 10*time.Second, func(a dockerApp) bool { return a.Gone })
	e.Up(t, p.Dir)
	if back := k.awaitApp(p.Name, 10*time.Second, protected); back.ID != a.ID {
		t.Errorf("the project came back as another app: %s, was %s", back.ID, a.ID)
	}
}

// An app rebuilt on an empty engine from the repository alone is healthy and has equal data; a copy beside it too.
func TestAppIsRebuiltOnAnEmptyEngine(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Everything)
	k, d := serveDocker(t, e, never)
	repository := d.Path
	e.Up(t, p.Dir)
	a := k.awaitApp(p.Name, 10*time.Second, protected)
	fill(t, e, p)
	want := facts(t, e, p.Name, p.Password)
	s := k.backupApp(a, "success")

	// Nothing is left: no container, no volume, no network, no file of the project.
	e.Compose(t, p.Dir, "down", "-v")
	for _, name := range strings.Fields(e.Docker(t, "volume", "ls", "-q")) {
		e.Docker(t, "volume", "rm", "-f", name)
	}
	for _, entry := range entries(t, p.Dir) {
		if err := os.RemoveAll(filepath.Join(p.Dir, entry)); err != nil {
			t.Fatal(err)
		}
	}
	// Nor is Keepstead's own database: another one adopts the repository.
	password := k.password("Disk")
	k.stop()
	k = serve(t, "KEEPSTEAD_DOCKER_SOCKET="+e.Socket)
	k.call("POST", "/backup/destinations/local", body{"name": "Disk", "path": repository, "repo_password": password}, nil)
	k.quiet()
	adopted := k.snapshots(url.Values{"app_id": {a.ID}})
	if len(adopted) != 1 || adopted[0].ResticID != s.ResticID {
		t.Fatalf("the snapshot was not adopted for its app: %+v; apps are %+v", adopted, k.apps())
	}
	s = adopted[0]
	k.restoreApp(s.ID, "success", body{"mode": "in_place"})
	e.AwaitHealthy(t, p.Dir)
	compareFacts(t, "the rebuilt app", facts(t, e, p.Name, p.Password), want)
	if back := k.awaitApp(p.Name, 10*time.Second, func(a dockerApp) bool { return !a.Gone }); back.ID != a.ID {
		t.Errorf("the rebuilt app is %s, was %s", back.ID, a.ID)
	}
	if text := e.Compose(t, p.Dir, "up", "-d"); strings.Contains(text, "Recreating") {
		t.Errorf("docker-compose does not take the rebuilt containers for its own: %s", text)
	}

	copied := p.Name + "copy"
	k.restoreApp(s.ID, "success", body{"mode": "new_project", "project": copied, "folder": newFolder(t, "copy")})
	compareFacts(t, "the copy", facts(t, e, copied, p.Password), want)
	compareFacts(t, "the first app beside its copy", facts(t, e, p.Name, p.Password), want)
	for name, state := range states(t, e, copied) {
		if state != "running" {
			t.Errorf("%s of the copy is %s", name, state)
		}
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append(out, e.Name())
	}
	return out
}

// fill puts data of each kind into the everything project.
func fill(t *testing.T, e *testbed.Engine, p *testbed.Project) {
	t.Helper()
	e.Pipe(t, `CREATE ROLE reader LOGIN PASSWORD 'geheim'; CREATE DATABASE "my shop" ENCODING 'UTF8';
\connect "my shop"
CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE purchase (id bigserial PRIMARY KEY, customer int NOT NULL REFERENCES customer, note text);
INSERT INTO customer (name) SELECT 'Zoë ☕ ' || n FROM generate_series(1, 500) n;
INSERT INTO purchase (customer, note) SELECT 1 + n % 500, md5(n::text) FROM generate_series(1, 5000) n;
GRANT SELECT ON customer TO reader;
`, "exec", "-i", p.Container("postgres"), "psql", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres")
	e.Pipe(t, `CREATE DATABASE notes CHARACTER SET utf8mb4; USE notes;
CREATE TABLE page (id int PRIMARY KEY AUTO_INCREMENT, title varchar(100)) ENGINE=InnoDB;
CREATE TABLE line (id int PRIMARY KEY AUTO_INCREMENT, page int NOT NULL, text blob, FOREIGN KEY (page) REFERENCES page (id));
INSERT INTO page (title) VALUES ('Grüße'), ('☕'), ('plain');
INSERT INTO line (page, text) VALUES (1, x'00ff10'), (2, 'two'), (3, 'three');
CREATE USER writer@'%' IDENTIFIED BY 'pw'; GRANT SELECT, INSERT ON notes.* TO writer@'%';
`, "exec", "-i", p.Container("mariadb"), "sh", "-c", `MYSQL_PWD="$(cat /run/secrets/db_password)" exec mariadb -u root`)
	for n := range 200 {
		if n%50 == 0 {
			e.Docker(t, "exec", p.Container("valkey"), "valkey-cli", "set", fmt.Sprintf("key:%d", n), strings.Repeat("ü", n+1))
		}
	}
	e.Docker(t, "exec", p.Container("valkey"), "valkey-cli", "rpush", "list", "a", "b", "c")
}

// facts reads what must be the same after a restore, by questions to each database.
func facts(t *testing.T, e *testbed.Engine, project, password string) map[string]string {
	t.Helper()
	ctr := func(service string) string { return project + "_" + service + "_1" }
	return map[string]string{
		"postgres rows": e.Docker(t, "exec", ctr("postgres"), "psql", "-U", "postgres", "-At", "my shop", "-c",
			"SELECT count(*), md5(string_agg(id || name, ',' ORDER BY id)) FROM customer; SELECT count(*), md5(string_agg(id || note || customer, ',' ORDER BY id)) FROM purchase; SELECT nextval('purchase_id_seq') > 5000"),
		"postgres roles": e.Docker(t, "exec", ctr("postgres"), "psql", "-U", "postgres", "-At", "my shop", "-c",
			"SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = 'reader'; SELECT has_table_privilege('reader', 'customer', 'select')"),
		"postgres keys": e.Docker(t, "exec", ctr("postgres"), "psql", "-U", "postgres", "-At", "my shop", "-c",
			"SELECT conname, contype FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1"),
		"mariadb rows": e.Docker(t, "exec", ctr("mariadb"), "sh", "-c",
			`MYSQL_PWD="$(cat /run/secrets/db_password)" exec mariadb -u root -N -e "SELECT id, title FROM notes.page ORDER BY id; SELECT id, page, hex(text) FROM notes.line ORDER BY id; SHOW GRANTS FOR writer@'%'"`),
		"mariadb keys": e.Docker(t, "exec", ctr("mariadb"), "sh", "-c",
			`MYSQL_PWD="$(cat /run/secrets/db_password)" exec mariadb -u root -N -e "SELECT constraint_name, table_name FROM information_schema.referential_constraints WHERE constraint_schema = 'notes'"`),
		"valkey": e.Docker(t, "exec", ctr("valkey"), "sh", "-c", "valkey-cli dbsize; valkey-cli get key:150; valkey-cli lrange list 0 -1"),
		"env":    e.Docker(t, "inspect", "--format", "{{json .Config.Env}} {{json .Config.Cmd}}", ctr("web")),
		"config": strings.TrimSpace(e.Docker(t, "exec", ctr("sqlite"), "sh", "-c", "ls -ln /data | wc -l")),
	}
}

func compareFacts(t *testing.T, of string, got, want map[string]string) {
	t.Helper()
	for what := range want {
		if got[what] != want[what] {
			t.Errorf("%s: %s are\n%s\nwant\n%s", of, what, got[what], want[what])
		}
	}
}
