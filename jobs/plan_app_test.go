package jobs

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

// planOf plans a restore of the whole app where it was.
func (h *engineHouse) planOf(job model.Job, want model.AppRestore) *model.AppPlan {
	h.t.Helper()
	plan, err := h.PlanRestore(h.t.Context(), model.Restore{SnapshotID: job.SnapshotID, App: &want})
	h.must(err)
	return plan.App
}

// What stands in the way of a restore is said before anything is touched.
func TestPlanOfARebuild(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	c.BackupEnv = false
	_, err := h.Store.UpdateConfiguration(t.Context(), c)
	h.must(err)
	job := h.backup(c)
	h.expect(job, model.JobSuccess, "")
	h.idle()
	whole := model.AppRestore{Mode: model.AppInPlace}
	obstacle := func(plan *model.AppPlan, text string) {
		t.Helper()
		if !slices.ContainsFunc(plan.Obstacles, func(o string) bool { return strings.Contains(o, text) }) {
			t.Errorf("the obstacles are %q, want one about %q", plan.Obstacles, text)
		}
	}

	e.Docker(t, "run", "-d", "--name", "other", "-v", p.Volume("uploads")+":/x", "webapp:1")
	e.Docker(t, "run", "-d", "--name", "reader", "-v", p.Volume("uploads")+":/x:ro", "webapp:1")
	plan := h.planOf(job, whole)
	if len(plan.Obstacles) > 0 || len(plan.Created) > 0 {
		t.Errorf("with all its containers there the plan is %+v", plan)
	}
	if want := []string{"other", p.Container("web"), p.Container("db")}; !slices.Equal(plan.Stopped, want) {
		t.Errorf("it would stop %v, want %v", plan.Stopped, want)
	}
	for _, want := range []string{p.Volume("uploads"), "db/shop", "db/second shop"} {
		if !slices.Contains(plan.Replaced, want) {
			t.Errorf("it would replace %q, want %q among them", plan.Replaced, want)
		}
	}
	restored := h.restoreApp(job, whole)
	h.expect(restored, model.JobSuccess, "")
	before := h.planOf(model.Job{SnapshotID: *restored.Result.SafetyID}, whole)
	if !slices.Equal(before.Replaced, plan.Replaced) { // the raw folder of the database is in it, and does not come back
		t.Errorf("going back to the state before would replace %q, want %q", before.Replaced, plan.Replaced)
	}
	for _, name := range []string{"other", "reader"} {
		if got := e.Docker(t, "inspect", "--format", "{{.State.Status}}", name); got != "running" {
			t.Errorf("afterwards %s is %s", name, got)
		}
	}

	obstacle(h.planOf(job, model.AppRestore{Mode: model.AppParts, Databases: []string{"db/shop"}, SkipSafety: true}), "saved first")
	id := e.Docker(t, "inspect", "--format", "{{.Id}}", p.Container("db"))
	local, err := h.Store.LocalDevice(t.Context())
	h.must(err)
	row, err := h.Store.CreateUndo(t.Context(), model.Undo{JobID: uuid.New(), DeviceID: local.ID, Action: model.UndoStop, Target: id, Name: "db"})
	h.must(err)
	obstacle(h.planOf(job, whole), "put back")
	h.must(h.Store.DeleteUndo(t.Context(), row.ID))

	e.Docker(t, "rm", "-f", "other", "reader")
	e.Compose(t, p.Dir, "rm", "-sf", "web")
	obstacle(h.planOf(job, whole), "environment of web")
	obstacle(h.planOf(job, model.AppRestore{Mode: model.AppCopy, Project: "new", Folder: t.TempDir()}), "environment of web")
	e.Docker(t, "create", "--name", p.Container("web"), "webapp:1")
	obstacle(h.planOf(job, whole), "belongs to something else")
	e.Docker(t, "rm", p.Container("web"))
	port := p.URL[strings.LastIndexByte(p.URL, ':')+1:]
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	h.must(err)
	defer func() { _ = l.Close() }()
	obstacle(h.planOf(job, whole), "Port "+port)
	failed := h.restoreApp(job, whole)
	h.expect(failed, model.JobFailed, model.CauseTarget)
	if len(failed.Steps) == 0 || failed.Steps[0].State != model.StepFailed || failed.Steps[len(failed.Steps)-1].State != model.StepSkipped {
		t.Errorf("the steps are %+v", failed.Steps)
	}
	if !strings.Contains(failed.Message, "Nothing was changed") {
		t.Errorf("the message is %q", failed.Message)
	}
}

// A snapshot of plain folders cannot come back as an app.
func TestPlanOfNoApp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	h.destination()
	_, c := h.app(2)
	job := h.backup(c)
	want := model.Restore{SnapshotID: job.SnapshotID, App: &model.AppRestore{Mode: model.AppInPlace}}
	if _, err := h.Restore(t.Context(), want, model.TriggerManual); err == nil || !strings.Contains(err.Error(), "restore its files") {
		t.Errorf("the restore: %v", err)
	}
	if _, err := h.PlanRestore(t.Context(), want); err == nil {
		t.Error("the plan has no objection")
	}
}
