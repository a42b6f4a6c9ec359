package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

// state is everything of a project that a restore could change.
func (h *engineHouse) state() string {
	h.t.Helper()
	var out []string
	for _, service := range []string{"db", "web"} {
		out = append(out, h.inspect(service, "{{.Id}} {{.Name}} {{.State.Status}}"))
	}
	out = append(out, h.psql(h.project.Container("db"), "shop", shopState))
	uploads := filepath.Join(h.engine.Root, "volumes", h.project.Volume("uploads"), "_data")
	for _, name := range []string{filepath.Join(uploads, "file"), filepath.Join(h.project.Dir, "config", "app.conf"), filepath.Join(h.project.Dir, "web.env")} {
		text, err := os.ReadFile(name)
		h.must(err)
		out = append(out, string(text))
	}
	info, err := os.Stat(uploads)
	h.must(err)
	return strings.Join(append(out, info.Mode().String()), "\n")
}

// shaken is an app whose restore is made to fail. What it was before must be what it is afterwards.
type shaken struct {
	*engineHouse
	good   model.Job
	before string
	want   model.AppRestore
}

// newShaken backs a project up while one of its containers is not healthy, and then changes everything.
func newShaken(t *testing.T) *shaken {
	t.Helper()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	uploads := filepath.Join(e.Root, "volumes", p.Volume("uploads"), "_data")
	h.must(os.WriteFile(filepath.Join(uploads, "file"), []byte("then"), 0o600))
	env, err := os.ReadFile(filepath.Join(p.Dir, "web.env"))
	h.must(err)
	h.must(os.WriteFile(filepath.Join(p.Dir, "web.env"), append([]byte("UNHEALTHY=1\n"), env...), 0o600))
	e.Compose(t, p.Dir, "up", "-d")
	good := h.backup(c)
	h.expect(good, model.JobSuccess, "")
	h.idle()
	h.must(os.WriteFile(filepath.Join(uploads, "file"), []byte("now"), 0o600))
	h.must(os.WriteFile(filepath.Join(p.Dir, "web.env"), env, 0o600))
	h.must(os.Chmod(uploads, 0o750))
	e.Up(t, p.Dir)
	h.psql(p.Container("db"), "shop", "DELETE FROM orders WHERE id % 2 = 0")
	return &shaken{engineHouse: h, good: good, before: h.state(), want: model.AppRestore{Mode: model.AppInPlace, SkipSafety: true}}
}

// asBefore checks that the app is as it was.
func (h *shaken) asBefore() {
	h.t.Helper()
	h.engine.AwaitHealthy(h.t, h.project.Dir)
	if after := h.state(); after != h.before {
		h.t.Errorf("afterwards the app is\n%s\nit was\n%s", after, h.before)
	}
	h.clean()
	h.noAsides()
}

// untouched checks the same, and that the job failed at a step and says what was not done.
func (h *shaken) untouched(job model.Job, failed string) {
	h.t.Helper()
	h.asBefore()
	skipped := false
	for _, s := range job.Steps {
		if s.State == model.StepFailed && !strings.HasPrefix(s.Title, failed) {
			h.t.Errorf("the step %q failed (%s), want %q", s.Title, s.Detail, failed)
		}
		if s.State == model.StepRunning || s.State == model.StepWaiting || skipped && s.State != model.StepSkipped {
			h.t.Errorf("the step %q is %s", s.Title, s.State)
		}
		skipped = skipped || s.State == model.StepFailed
	}
	if !skipped || !strings.Contains(job.Message, "put back as it was") {
		h.t.Errorf("the job says %q, steps %+v", job.Message, job.Steps)
	}
}

// begun starts the restore and returns once the step runs.
func (h *shaken) begun(step string) model.Job {
	h.t.Helper()
	made, err := h.Restore(h.t.Context(), model.Restore{SnapshotID: h.good.SnapshotID, App: &h.want}, model.TriggerManual)
	h.must(err)
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		job, err := h.Store.Job(h.t.Context(), made.ID)
		h.must(err)
		if running(job.Steps, step) || job.State.Final() {
			break
		}
	}
	return made
}

// Whatever fails in the middle of a restore, and wherever it is cancelled, the app is as it was before.
func TestRebuildIsAllOrNothing(t *testing.T) {
	t.Parallel()
	h := newShaken(t)
	job := h.restoreApp(h.good, h.want)
	h.expect(job, model.JobFailed, model.CauseUnhealthy)
	h.untouched(job, "Start the app")

	breakImport(h.engineHouse, h.project.Container("db"), 1)
	job = h.restoreApp(h.good, h.want)
	h.expect(job, model.JobFailed, model.CauseImport)
	h.untouched(job, "Import PostgreSQL")

	for _, at := range []string{"Restore " + h.project.Volume("uploads"), "Import PostgreSQL", "Start the app"} {
		made := h.begun(at)
		h.must(h.Cancel(t.Context(), made.ID))
		job := h.wait(made.ID)
		h.expect(job, model.JobCancelled, model.CauseCancelled)
		h.untouched(job, at)
	}

	// An engine that goes away in the middle: everything is put back once it is there again.
	made := h.begun("Import PostgreSQL")
	h.engine.Stop(t)
	job = h.wait(made.ID)
	if job.State != model.JobFailed || !strings.Contains(job.Message, "tried again") {
		t.Errorf("without an engine the job is %s: %s", job.State, job.Message)
	}
	h.engine.Start(t)
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		if rows, err := h.Store.Undos(t.Context(), uuid.Nil); err == nil && len(rows) == 0 {
			break
		}
	}
	h.asBefore()
}

// breakImport makes the next imports into a PostgreSQL stop half-way.
func breakImport(h *engineHouse, container string, times int) {
	h.t.Helper()
	h.engine.Docker(h.t, "exec", container, "sh", "-c", fmt.Sprintf(`echo %d > /tmp/left; chmod 666 /tmp/left; p="$(command -v psql)"; cp "$p" /tmp/psql
cat > "$p.new" <<'END'
#!/bin/sh
left="$(cat /tmp/left)"
case "$*" in *"-f -")
	if [ "$left" -gt 0 ]; then echo $((left - 1)) > /tmp/left; head -c 2000 | /tmp/psql "$@"; exit 3; fi;;
esac
exec /tmp/psql "$@"
END
chmod 755 "$p.new"; mv "$p.new" "$p"`, times))
}

func running(steps []model.Step, title string) bool {
	for _, s := range steps {
		if strings.HasPrefix(s.Title, title) {
			return s.State == model.StepRunning
		}
	}
	return false
}
