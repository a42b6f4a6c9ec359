package jobs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// Parts of an app come back alone: a volume, one database while its server runs, a whole server.
func TestRebuildParts(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	db := p.Container("db")
	uploads := filepath.Join(e.Root, "volumes", p.Volume("uploads"), "_data")
	file, conf := filepath.Join(uploads, "file"), filepath.Join(p.Dir, "config", "app.conf")
	h.must(os.WriteFile(file, []byte("then"), 0o600))
	h.must(os.MkdirAll(filepath.Join(uploads, "cache"), 0o755))
	h.must(os.WriteFile(filepath.Join(uploads, "cache", "big"), []byte("not saved"), 0o600))
	c.ExcludePaths = []string{"cache"}
	_, err := h.Store.UpdateConfiguration(t.Context(), c)
	h.must(err)
	orders, second := h.psql(db, "shop", shopState), h.psql(db, "second shop", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()

	h.must(os.WriteFile(file, []byte("now"), 0o600))
	h.must(os.WriteFile(conf, []byte("now"), 0o600))
	h.psql(db, "shop", "DELETE FROM orders")
	h.psql(db, "second shop", "CREATE TABLE later (x int)")
	started := h.inspect("db", "{{.State.StartedAt}}")
	text := func(name string) string {
		raw, err := os.ReadFile(name)
		h.must(err)
		return string(raw)
	}

	job := h.restoreApp(good, model.AppRestore{Mode: model.AppParts, Volumes: []string{p.Volume("uploads")}})
	h.expect(job, model.JobSuccess, "")
	if text(file) != "then" || text(conf) != "now" || h.psql(db, "shop", "SELECT count(*) FROM orders") != "0" {
		t.Errorf("after one volume: %q, %q", text(file), text(conf))
	}
	if text(filepath.Join(uploads, "cache", "big")) != "not saved" {
		t.Error("what backups leave out was lost")
	}
	if got := h.inspect("db", "{{.State.StartedAt}}"); got != started {
		t.Error("the database was restarted for a volume that it does not use")
	}

	job = h.restoreApp(good, model.AppRestore{Mode: model.AppParts, Databases: []string{"db/shop"}})
	h.expect(job, model.JobSuccess, "")
	if got := h.psql(db, "shop", shopState); got != orders {
		t.Errorf("after one database the orders are %s, want %s", got, orders)
	}
	if h.psql(db, "second shop", "SELECT to_regclass('later') IS NULL") == "t" {
		t.Error("the other database was replaced too")
	}
	if got := h.inspect("db", "{{.State.StartedAt}}"); got != started {
		t.Error("the server was restarted for one database")
	}

	// One that fails half-way is as it was, also while its server runs on.
	h.psql(db, "shop", "DELETE FROM orders WHERE id > 7")
	now := h.psql(db, "shop", shopState)
	breakImport(h, db, 1)
	job = h.restoreApp(good, model.AppRestore{Mode: model.AppParts, Databases: []string{"db/shop"}})
	h.expect(job, model.JobFailed, model.CauseImport)
	if got := h.psql(db, "shop", shopState); got != now {
		t.Errorf("after an import that failed the orders are %s, want %s", got, now)
	}
	job = h.restoreApp(good, model.AppRestore{Mode: model.AppParts, Databases: []string{"db/shop"}, SkipSafety: true})
	h.expect(job, model.JobFailed, model.CauseTarget)

	job = h.restoreApp(good, model.AppRestore{Mode: model.AppParts, Databases: []string{"db"}})
	h.expect(job, model.JobSuccess, "")
	if got := h.psql(db, "second shop", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); got != second {
		t.Errorf("after the whole server the second database has %s tables, want %s", got, second)
	}
	e.AwaitHealthy(t, p.Dir)
	answersAt(t, p.URL)
	h.clean()
	h.noAsides()

	_, err = h.Restore(t.Context(), model.Restore{SnapshotID: good.SnapshotID, App: &model.AppRestore{Mode: model.AppParts, Databases: []string{"db/none"}}}, model.TriggerManual)
	if refused := model.Refused(err); len(refused) != 1 || !strings.Contains(refused[0].Reason, "db/none") {
		t.Errorf("a database that is not there: %v", err)
	}
}

// A SQLite database comes back as the consistent copy that was made of it, and an app can be left stopped.
func TestRebuildSQLite(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.SQLite)
	e, p := h.engine, h.project
	data := filepath.Join(e.Root, "volumes", p.Volume("data"), "_data")
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()
	job := h.restoreApp(good, model.AppRestore{Mode: model.AppInPlace, LeaveStopped: true})
	h.expect(job, model.JobSuccess, "")
	if got := h.inspect("app", "{{.State.Status}}"); got != "exited" {
		t.Errorf("an app that is to stay stopped is %s", got)
	}
	left, err := filepath.Glob(filepath.Join(data, "app.db-*"))
	h.must(err)
	if len(left) > 0 {
		t.Errorf("beside the copy lies what belongs to another: %v", left)
	}
	const orders = "PRAGMA integrity_check; SELECT (SELECT count(*) FROM items) = 2 * (SELECT count(*) FROM orders)"
	for range 2 {
		e.Compose(t, p.Dir, "start")
		e.AwaitHealthy(t, p.Dir)
		if got := e.Docker(t, "exec", p.Container("app"), "sqlite3", "/data/app.db", orders); got != "ok\n1" {
			t.Errorf("the database says %q", got)
		}
		job = h.restoreApp(good, model.AppRestore{Mode: model.AppParts, Databases: []string{"app/app.db"}})
		h.expect(job, model.JobSuccess, "")
	}
	h.clean()
	h.noAsides()
}
