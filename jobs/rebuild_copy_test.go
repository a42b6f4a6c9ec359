package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// A second project is made of a snapshot, beside the first one, which does not notice.
func TestRebuildAsANewProject(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	uploads := filepath.Join(e.Root, "volumes", p.Volume("uploads"), "_data")
	h.must(os.WriteFile(filepath.Join(uploads, "kept"), []byte("kept"), 0o640))
	h.must(os.Chown(filepath.Join(uploads, "kept"), 1234, 4321))
	orders := h.psql(p.Container("db"), "shop", shopState)
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()
	h.psql(p.Container("db"), "shop", "DELETE FROM orders WHERE id > 10")
	now := h.psql(p.Container("db"), "shop", shopState)
	begun := h.inspect("db", "{{.State.StartedAt}}") + h.inspect("web", "{{.State.StartedAt}}")

	folder := filepath.Join(t.TempDir(), "second")
	want := model.AppRestore{Mode: model.AppCopy, Project: "second", Folder: folder}
	plan, err := h.PlanRestore(t.Context(), model.Restore{SnapshotID: good.SnapshotID, App: &want})
	h.must(err)
	if len(plan.App.Obstacles) > 0 || len(plan.App.Ports) != 1 || plan.App.Ports[0].To == plan.App.Ports[0].From || len(plan.App.Created) < 6 {
		t.Fatalf("the plan is %+v", plan.App)
	}
	job := h.restoreApp(good, want)
	h.expect(job, model.JobSuccess, "")
	h.stepsDone(job)
	if job.Result.Project != "second" || job.Result.Containers != 2 {
		t.Errorf("the result is %+v", job.Result)
	}
	if got := h.psql("second_db_1", "shop", shopState); got != orders {
		t.Errorf("the orders of the copy are %s, want %s", got, orders)
	}
	kept, err := os.Stat(filepath.Join(e.Root, "volumes", "second_uploads", "_data", "kept"))
	if err != nil || kept.Mode() != 0o640 {
		t.Errorf("a file of the copy: %v, %v", kept, err)
	}
	answersAt(t, fmt.Sprintf("http://127.0.0.1:%d", plan.App.Ports[0].To))
	answersAt(t, p.URL)
	if got := h.psql(p.Container("db"), "shop", shopState); got != now {
		t.Errorf("the first project's orders are %s, were %s", got, now)
	}
	if got := h.inspect("db", "{{.State.StartedAt}}") + h.inspect("web", "{{.State.StartedAt}}"); got != begun {
		t.Error("the first project was restarted")
	}
	for _, name := range []string{"compose.yaml", "original/web.env", "original/docker-compose.yml"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Errorf("the copy's folder: %v", err)
		}
	}
	mounts := e.Docker(t, "inspect", "--format", "{{range .Mounts}}{{.Source}} {{end}}", "second_web_1", "second_db_1")
	if strings.Contains(mounts, p.Dir) || strings.Contains(mounts, p.Name) {
		t.Errorf("the copy uses the first project's data: %s", mounts)
	}
	h.clean()

	for name, taken := range map[string]model.AppRestore{
		"the project's name": {Mode: model.AppCopy, Project: "second", Folder: t.TempDir()},
		"the folder":         {Mode: model.AppCopy, Project: "third", Folder: folder},
		"the port":           {Mode: model.AppCopy, Project: "third", Folder: t.TempDir(), Ports: map[string]int{fmt.Sprint(plan.App.Ports[0].From): plan.App.Ports[0].To}},
	} {
		job := h.restoreApp(good, taken)
		h.expect(job, model.JobFailed, model.CauseTarget)
		if !strings.Contains(job.Message, "Nothing was changed") {
			t.Errorf("%s is taken, and the job says %q", name, job.Message)
		}
	}
	if names := e.Docker(t, "ps", "-a", "--format", "{{.Names}}"); strings.Count(names, "\n") != 3 {
		t.Errorf("there are the containers %s", names)
	}
}

// A copy that fails leaves nothing behind, and one without a way out is made on networks of its own.
func TestRebuildAsANewProjectLeavesNothing(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.SQLite)
	e, p := h.engine, h.project
	compose := filepath.Join(p.Dir, "docker-compose.yml")
	text, err := os.ReadFile(compose)
	h.must(err)
	h.must(os.WriteFile(compose, []byte(strings.Replace(string(text), "  web:\n", "  web:\n    environment: {UNHEALTHY: \"1\"}\n", 1)), 0o600))
	e.Compose(t, p.Dir, "up", "-d")
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()
	before := e.Docker(t, "ps", "-aq") + e.Docker(t, "volume", "ls", "-q") + e.Docker(t, "network", "ls", "-q")
	folder := filepath.Join(t.TempDir(), "a", "b")
	want := model.AppRestore{Mode: model.AppCopy, Project: "second", Folder: folder, Isolated: true}
	job := h.restoreApp(good, want)
	h.expect(job, model.JobFailed, model.CauseUnhealthy)
	if after := e.Docker(t, "ps", "-aq") + e.Docker(t, "volume", "ls", "-q") + e.Docker(t, "network", "ls", "-q"); after != before {
		t.Errorf("there are now\n%s\nwhere there were\n%s", after, before)
	}
	if _, err := os.Stat(filepath.Dir(folder)); err == nil {
		t.Error("the folder is still there")
	}
	h.clean()

	want.LeaveStopped = true
	h.expect(h.restoreApp(good, want), model.JobSuccess, "")
	if got := e.Docker(t, "network", "inspect", "--format", "{{.Internal}}", "second_default"); got != "true" {
		t.Error("the copy's network has a way out")
	}
	if got := e.Docker(t, "ps", "-q", "--filter", "label=com.docker.compose.project=second"); got != "" {
		t.Errorf("a copy that is to stay stopped runs: %s", got)
	}
}

// One app with each kind of database comes back on an engine that has nothing of it, and once more beside itself.
func TestRebuildOfEverything(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Everything)
	e, p := h.engine, h.project
	in := func(project, service, script string) string {
		t.Helper()
		return e.Docker(t, "exec", project+"_"+service+"_1", "sh", "-c", script)
	}
	const (
		maria = `MYSQL_PWD="$(cat /run/secrets/db_password)" mariadb -uroot -N app -e `
		pg    = `psql -U postgres -Atc `
	)
	in(p.Name, "postgres", pg+`"CREATE TABLE t AS SELECT g AS id, md5(g::text) AS m FROM generate_series(1, 500) g"`)
	in(p.Name, "mariadb", maria+`"CREATE TABLE t (id INT PRIMARY KEY, m VARCHAR(40)); INSERT INTO t VALUES (1, 'ä'), (2, '€')"`)
	in(p.Name, "valkey", `valkey-cli set one two`)
	all := func(project string) string {
		return strings.Join([]string{
			in(project, "postgres", pg+`"SELECT count(*), md5(string_agg(m, ',' ORDER BY id)) FROM t"`),
			in(project, "mariadb", maria+`"SELECT COUNT(*), MD5(GROUP_CONCAT(HEX(m) ORDER BY id)) FROM t"`),
			in(project, "valkey", `valkey-cli get one`),
			in(project, "sqlite", `sqlite3 /data/app.db "PRAGMA integrity_check; SELECT (SELECT count(*) FROM items) = 2 * (SELECT count(*) FROM orders), count(*) > 0 FROM orders"`),
		}, "\n")
	}
	before := all(p.Name)
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()

	e.Compose(t, p.Dir, "down", "-v")
	h.must(os.RemoveAll(p.Dir))
	job := h.restoreApp(good, model.AppRestore{Mode: model.AppInPlace})
	h.expect(job, model.JobSuccess, "")
	h.stepsDone(job)
	e.AwaitHealthy(t, p.Dir)
	if got := all(p.Name); got != before {
		t.Errorf("on an empty engine the databases say\n%s\nwant\n%s", got, before)
	}
	answersAt(t, p.URL)

	job = h.restoreApp(good, model.AppRestore{Mode: model.AppCopy, Project: "twin", Folder: filepath.Join(t.TempDir(), "twin")})
	h.expect(job, model.JobSuccess, "")
	h.stepsDone(job)
	if got := all("twin"); got != before {
		t.Errorf("the copy's databases say\n%s\nwant\n%s", got, before)
	}
	e.AwaitHealthy(t, p.Dir)
	h.clean()
	h.noAsides()
}

// A container without a project comes back from nothing, and once more under another name.
func TestRebuildOfALoneContainer(t *testing.T) {
	t.Parallel()
	h, _, _ := newEngineHouse(t, testbed.SQLite)
	e := h.engine
	e.Docker(t, "run", "-d", "--name", "lone", "-v", "lonely:/data", "-v", "/data/cache", "-e", "GREETING=hello", "-e", "LOG=/data/log", "--restart", "always", "webapp:1")
	a := h.found("lone")
	c, err := h.Store.AutomaticConfiguration(t.Context(), a.ID)
	h.must(err)
	data := filepath.Join(e.Root, "volumes", "lonely", "_data")
	h.must(os.WriteFile(filepath.Join(data, "kept"), []byte("kept"), 0o640))
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()
	e.Docker(t, "rm", "-fv", "lone")
	e.Docker(t, "volume", "rm", "lonely")
	h.expect(h.restoreApp(good, model.AppRestore{Mode: model.AppInPlace}), model.JobSuccess, "")
	h.expect(h.restoreApp(good, model.AppRestore{Mode: model.AppCopy, Project: "twin", Folder: filepath.Join(t.TempDir(), "twin")}), model.JobSuccess, "")
	for _, name := range []string{"lone", "twin"} {
		if got := e.Docker(t, "inspect", "--format", "{{.State.Health.Status}} {{.HostConfig.RestartPolicy.Name}} {{range .Config.Env}}{{.}} {{end}}", name); !strings.HasPrefix(got, "healthy always ") || !strings.Contains(got, "GREETING=hello") {
			t.Errorf("%s is %s", name, got)
		}
		mounts := strings.Fields(e.Docker(t, "inspect", "--format", `{{range .Mounts}}{{if eq .Destination "/data"}}{{.Source}}{{end}}{{end}}`, name))
		if text, err := os.ReadFile(filepath.Join(mounts[0], "kept")); err != nil || string(text) != "kept" {
			t.Errorf("in %s of %s there is %q, %v", mounts[0], name, text, err)
		}
	}
	h.clean()
}
