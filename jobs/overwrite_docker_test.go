package jobs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// TestOverwriteUnderContainers holds that files go back to their place while nothing that uses them runs, and that
// what ran before runs afterwards.
func TestOverwriteUnderContainers(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	uploads := filepath.Join(e.Root, "volumes", p.Volume("uploads"), "_data")
	file, conf := filepath.Join(uploads, "file"), filepath.Join(p.Dir, "config", "app.conf")
	h.must(os.WriteFile(file, []byte("then"), 0o600))
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()
	begun := func(service string) string { return h.inspect(service, "{{.State.StartedAt}}") }
	change := func() { h.must(os.WriteFile(file, []byte("now"), 0o600)) }
	change()
	db, web := begun("db"), begun("web")
	want := model.Restore{SnapshotID: good.SnapshotID, Files: []string{file}}

	plan, err := h.PlanRestore(t.Context(), model.Restore{SnapshotID: good.SnapshotID, Files: []string{file}, InPlace: true})
	if err != nil || len(plan.Stopped) != 1 || plan.Stopped[0] != p.Container("web") || plan.Overwrites != 1 {
		t.Errorf("the plan is %+v, %v", plan, err)
	}
	job := h.overwritten(want)
	h.expect(job, model.JobSuccess, "")
	h.stepsDone(job)
	e.AwaitHealthy(t, p.Dir)
	if h.text(file) != "then" || begun("web") == web || begun("db") != db {
		t.Errorf("one file: %q, web started %s and %s, db %s and %s", h.text(file), web, begun("web"), db, begun("db"))
	}
	h.clean()
	saved := h.savedState(job)
	if saved.Contents != nil || saved.TotalFiles != 1 || saved.Paths[0] != file {
		t.Errorf("the safety snapshot is %+v", saved)
	}

	web = begun("web")
	job = h.overwritten(model.Restore{SnapshotID: saved.ID, KeepRunning: true})
	h.expect(job, model.JobSuccess, "")
	if h.text(file) != "now" || begun("web") != web {
		t.Errorf("gone back while it runs: %q, web started %s and %s", h.text(file), web, begun("web"))
	}

	// All of it: what Keepstead wrote for the backup goes nowhere.
	change()
	h.must(os.WriteFile(conf, []byte("now"), 0o600))
	job = h.overwritten(model.Restore{SnapshotID: good.SnapshotID})
	h.expect(job, model.JobSuccess, "")
	e.AwaitHealthy(t, p.Dir)
	if h.text(file) != "then" || h.text(conf) == "now" {
		t.Errorf("all files: %q, %q", h.text(file), h.text(conf))
	}
	h.clean()

	// One that cannot save what is there changes nothing, and the app runs on.
	change()
	h.wrapped(`for a; do if [ "$a" = backup ]; then echo 'Fatal: unable to save snapshot: write: no space left on device' >&2; exit 1; fi; done`)
	job = h.overwritten(want)
	h.expect(job, model.JobFailed, model.CauseDiskFull)
	if h.text(file) != "now" || !strings.Contains(job.Message, "Everything was put back as it was before.") {
		t.Errorf("unsaved: %q, the job says %q", h.text(file), job.Message)
	}
	e.AwaitHealthy(t, p.Dir)
	if got := h.inspect("web", "{{.State.Status}}"); got != "running" {
		t.Errorf("afterwards web is %s", got)
	}
	h.clean()

	_, err = h.Restore(t.Context(), model.Restore{SnapshotID: good.SnapshotID, Files: []string{filepath.Join(h.contents(good).Staging, model.ManifestName)}, InPlace: true}, model.TriggerManual)
	if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != "files" {
		t.Errorf("the manifest in place: %v", err)
	}
}
