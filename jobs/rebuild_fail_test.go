package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// Whatever fails in the middle of a restore, and wherever it is cancelled, the app is as it was before.
func TestRebuildIsAllOrNothing(t *testing.T) {
	t.Parallel()
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
	before := h.state()
	whole := model.AppRestore{Mode: model.AppInPlace, SkipSafety: true}
	untouched := func(job model.Job, failed string) {
		t.Helper()
		e.AwaitHealthy(t, p.Dir)
		if after := h.state(); after != before {
			t.Errorf("afterwards the app is\n%s\nit was\n%s", after, before)
		}
		skipped := false
		for _, s := range job.Steps {
			if s.State == model.StepFailed && !strings.HasPrefix(s.Title, failed) {
				t.Errorf("the step %q failed (%s), want %q", s.Title, s.Detail, failed)
			}
			if s.State == model.StepRunning || s.State == model.StepWaiting || skipped && s.State != model.StepSkipped {
				t.Errorf("the step %q is %s", s.Title, s.State)
			}
			skipped = skipped || s.State == model.StepFailed
		}
		if !skipped || !strings.Contains(job.Message, "put back as it was") {
			t.Errorf("the job says %q, steps %+v", job.Message, job.Steps)
		}
		h.clean()
		h.noAsides()
	}

	job := h.restoreApp(good, whole)
	h.expect(job, model.JobFailed, model.CauseUnhealthy)
	untouched(job, "Start the app")

	breakImport(h, p.Container("db"), 99)
	job = h.restoreApp(good, whole)
	h.expect(job, model.JobFailed, model.CauseImport)
	e.Docker(t, "exec", p.Container("db"), "sh", "-c", `cp /tmp/psql "$(command -v psql)"`)
	untouched(job, "Import PostgreSQL")

	for _, at := range []string{"Restore " + p.Volume("uploads"), "Import PostgreSQL", "Start the app"} {
		made, err := h.Restore(t.Context(), model.Restore{SnapshotID: good.SnapshotID, App: &whole}, model.TriggerManual)
		h.must(err)
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			job, err := h.Store.Job(t.Context(), made.ID)
			h.must(err)
			if running(job.Steps, at) || job.State.Final() {
				break
			}
		}
		h.must(h.Cancel(t.Context(), made.ID))
		job := h.wait(made.ID)
		h.expect(job, model.JobCancelled, model.CauseCancelled)
		untouched(job, at)
	}
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
