package jobs

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// restoreApp runs the restore of an app to its end.
func (h *engineHouse) restoreApp(snapshot model.Job, want model.AppRestore) model.Job {
	h.t.Helper()
	made, err := h.Restore(h.t.Context(), model.Restore{SnapshotID: snapshot.SnapshotID, App: &want}, model.TriggerManual)
	h.must(err)
	return h.wait(made.ID)
}

func (h *engineHouse) psql(container, database, query string) string {
	h.t.Helper()
	return h.engine.Docker(h.t, "exec", container, "psql", "-U", "shop", "-d", database, "-Atc", query)
}

// noAsides checks that nothing is left of what a restore set aside.
func (h *engineHouse) noAsides() {
	h.t.Helper()
	for _, pattern := range []string{
		filepath.Join(h.engine.Root, "volumes", "*", asidePrefix+"*"), filepath.Join(h.engine.Root, "volumes", "*", "_data", asidePrefix+"*"),
		filepath.Join(h.project.Dir, asidePrefix+"*"), filepath.Join(filepath.Dir(h.project.Dir), asidePrefix+"*"),
	} {
		left, err := filepath.Glob(pattern)
		h.must(err)
		if len(left) > 0 {
			h.t.Errorf("left aside: %v", left)
		}
	}
}

func (h *engineHouse) stepsDone(job model.Job) {
	h.t.Helper()
	if len(job.Steps) < 4 {
		h.t.Errorf("the job shows only the steps %+v", job.Steps)
	}
	for _, s := range job.Steps {
		h.t.Logf("%s: %s (%s)", s.Title, s.Detail, s.FinishedAt.Sub(*s.StartedAt))
		if s.State != model.StepDone || s.StartedAt == nil || s.FinishedAt == nil {
			h.t.Errorf("the step %+v of a restore that succeeded", s)
		}
	}
}

func answersAt(t *testing.T, url string) {
	t.Helper()
	res, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s", url, res.Status)
	}
}

const shopState = `SELECT count(*), sum(id), md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o`

// sameShop checks that the project is as it was when it was backed up.
func (h *engineHouse) sameShop(when, before string) {
	t, e, p := h.t, h.engine, h.project
	t.Helper()
	db, uploads := p.Container("db"), filepath.Join(e.Root, "volumes", p.Volume("uploads"), "_data")
	files, err := h.Host.Files()
	h.must(err)
	if got := h.psql(db, "shop", shopState); got != before {
		t.Errorf("%s the orders are %s, want %s", when, got, before)
	}
	if got := h.psql(db, "shop", "SELECT to_regclass('later') IS NULL"); got != "t" {
		t.Errorf("%s a table of later is there", when)
	}
	if text, err := os.ReadFile(filepath.Join(uploads, "kept")); err != nil || string(text) != "kept" {
		t.Errorf("%s the file is %q, %v", when, text, err)
	}
	if _, err := os.Stat(filepath.Join(uploads, "later")); err == nil {
		t.Errorf("%s a file of later is there", when)
	}
	info, err := os.Stat(uploads)
	h.must(err)
	if info.Mode() != os.ModeDir|os.ModeSetgid|0o775 {
		t.Errorf("%s the volume's mode is %v", when, info.Mode())
	}
	if attrs, err := files.Xattrs(uploads); err != nil || string(attrs["user.kept"]) != "kept" || attrs["user.later"] != nil {
		t.Errorf("%s the volume's attributes are %q, %v", when, attrs, err)
	}
	if text, err := os.ReadFile(filepath.Join(p.Dir, "config", "app.conf")); err != nil || string(text) == "broken" {
		t.Errorf("%s the configuration is %q, %v", when, text, err)
	}
	if text, err := os.ReadFile(filepath.Join(p.Dir, "web.env")); err != nil || strings.Contains(string(text), "BROKEN") {
		t.Errorf("%s web.env is %q, %v", when, text, err)
	}
	e.AwaitHealthy(t, p.Dir)
	if env := h.inspect("web", "{{.Config.Env}}"); strings.Contains(env, "BROKEN") {
		t.Errorf("%s web has the environment of later", when)
	}
	if names := e.Docker(t, "ps", "-a", "--format", "{{.Names}}"); strings.Count(names, "\n") != 1 {
		t.Errorf("%s there are the containers %s", when, names)
	}
	answersAt(t, p.URL)
	h.clean()
	h.noAsides()
}

// An app that was changed and damaged comes back where it was, and then on an engine that has nothing left of it.
func TestRebuildInPlace(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	db := p.Container("db")
	uploads := filepath.Join(e.Root, "volumes", p.Volume("uploads"), "_data")
	h.must(os.WriteFile(filepath.Join(uploads, "kept"), []byte("kept"), 0o640))
	h.must(os.Chown(filepath.Join(uploads, "kept"), 1234, 4321))
	h.must(os.Chown(uploads, 70, 71))
	h.must(os.Chmod(uploads, os.ModeSetgid|0o775))
	files, err := h.Host.Files()
	h.must(err)
	h.must(files.SetXattr(uploads, "user.kept", []byte("kept")))
	before := h.psql(db, "shop", shopState)
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()

	h.psql(db, "shop", "DELETE FROM orders WHERE id % 2 = 0; CREATE TABLE later (x int)")
	h.must(os.Remove(filepath.Join(uploads, "kept")))
	h.must(os.WriteFile(filepath.Join(uploads, "later"), []byte("later"), 0o600))
	h.must(os.Chmod(uploads, 0o700))
	h.must(files.SetXattr(uploads, "user.kept", nil))
	h.must(files.SetXattr(uploads, "user.later", []byte("later")))
	h.must(os.WriteFile(filepath.Join(p.Dir, "config", "app.conf"), []byte("broken"), 0o600))
	h.must(os.WriteFile(filepath.Join(p.Dir, "web.env"), []byte("BROKEN=1\n"), 0o600))
	e.Up(t, p.Dir) // makes web anew, with another environment

	job := h.restoreApp(good, model.AppRestore{Mode: model.AppInPlace})
	h.expect(job, model.JobSuccess, "")
	h.stepsDone(job)
	same := func(when string) { t.Helper(); h.sameShop(when, before) }
	same("in place")
	if job.Result.SafetyID == nil {
		t.Fatalf("there is no safety snapshot: %+v", job.Result)
	}
	safety, err := h.Store.Snapshot(t.Context(), *job.Result.SafetyID)
	h.must(err)
	if !safety.Safety || safety.Contents == nil {
		t.Errorf("the safety snapshot is %+v", safety)
	}
	for _, v := range safety.Contents.Volumes {
		if v.Role == model.RoleDumped && slices.Contains(safety.Paths, v.Path) {
			t.Errorf("beside its dump the safety snapshot holds the raw folder of %s", v.Label())
		}
	}

	e.Compose(t, p.Dir, "down", "-v")
	h.must(os.RemoveAll(p.Dir))
	job = h.restoreApp(good, model.AppRestore{Mode: model.AppInPlace})
	h.expect(job, model.JobSuccess, "")
	h.stepsDone(job)
	same("on an empty engine")
	e.Compose(t, p.Dir, "up", "-d") // compose takes the containers for its own
	if got := h.psql(db, "shop", shopState); got != before {
		t.Errorf("after compose up the orders are %s", got)
	}
}
