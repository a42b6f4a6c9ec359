package jobs

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// TestAppsOfAnotherMachine finds compose projects on a machine over SSH, whose engine is real, dumps one's database and
// copies the other's SQLite file while it is written, into a folder of this machine; brings the first one back in place;
// and, when the machine is gone, makes the second anew on another.
func TestAppsOfAnotherMachine(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	shop, notes := testbed.NewProject(t, testbed.Postgres), testbed.NewProject(t, testbed.SQLite)
	on := testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{
		"/run/docker.sock": e.Socket, e.Root: e.Root, shop.Dir: shop.Dir, notes.Dir: notes.Dir,
	}})
	e.Up(t, shop.Dir)
	e.Up(t, notes.Dir)
	h := &engineHouse{house: newHouse(t, func(o *Options) { o.DockerSocket = filepath.Join(o.Dir, "none.sock") }), engine: e, project: shop}
	h.destination = h.house.destination()
	h.start()
	d := h.addMachine("web", "root", on)

	apps := map[string]model.App{shop.Name: h.found(shop.Name), notes.Name: h.found(notes.Name)}
	saved := map[string]model.Job{}
	for name, a := range apps {
		if a.DeviceID != d.ID {
			t.Fatalf("%s is on the device %s", name, a.DeviceID)
		}
		c, err := h.Store.AutomaticConfiguration(t.Context(), a.ID)
		h.must(err)
		job := h.backup(c)
		h.expect(job, model.JobSuccess, "")
		saved[name] = job
	}
	if dumps := h.contents(saved[notes.Name]).Dumps; len(dumps) != 1 || dumps[0].Kind != model.SQLite {
		t.Errorf("of the SQLite app the snapshot holds the dumps %+v", dumps)
	}
	for _, state := range strings.Fields(e.Docker(t, "ps", "-a", "--format", "{{.State}}")) {
		if state != "running" {
			t.Errorf("a container is %s after the backups", state)
		}
	}

	db := shop.Container("db")
	before := h.psql(db, "shop", shopState)
	h.psql(db, "shop", "DROP TABLE orders CASCADE")
	made, err := h.Restore(t.Context(), model.Restore{SnapshotID: saved[shop.Name].SnapshotID, App: &model.AppRestore{Mode: model.AppInPlace}}, model.TriggerManual)
	h.must(err)
	if made.DeviceID != d.ID {
		t.Errorf("in place is on the device %s", made.DeviceID)
	}
	job := h.wait(made.ID)
	h.expect(job, model.JobSuccess, "")
	h.stepsDone(job)
	if after := h.psql(shop.Container("db"), "shop", shopState); after != before {
		t.Errorf("the orders are %s, were %s", after, before)
	}
	e.AwaitHealthy(t, shop.Dir)
	h.noAsides()
	if left := on.Run(t, `ls -A /root/.cache/keepstead/runs /root/.cache/keepstead/staging 2>/dev/null | grep -v ':$' || true`); strings.TrimSpace(left) != "" {
		t.Errorf("left on the machine: %s", left)
	}
	h.moved(apps[notes.Name], saved[notes.Name], on, testbed.MachineOptions{Bind: map[string]string{
		"/run/docker.sock": e.Socket, e.Root: e.Root, notes.Dir: notes.Dir,
	}})
}

// moved brings an app onto a machine that is not its own, which is cut off by then. Both have one engine, so that no more
// than one is needed.
func (h *engineHouse) moved(app model.App, saved model.Job, old *testbed.Machine, like testbed.MachineOptions) {
	h.t.Helper()
	other := h.addMachine("nas", "root", testbed.NewMachine(h.t, like))
	old.Cut()
	defer old.Mend()
	for _, mode := range []model.AppMode{model.AppInPlace, model.AppParts} {
		want := model.Restore{SnapshotID: saved.SnapshotID, DeviceID: other.ID, App: &model.AppRestore{Mode: mode}}
		if mode == model.AppParts {
			want.App.Volumes = []string{"x"}
		}
		_, err := h.Restore(h.t.Context(), want, model.TriggerManual)
		if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != targetDevice || !strings.Contains(refused[0].Reason, "is on web") {
			h.t.Errorf("%s on another device: %v", mode, err)
		}
	}
	made, err := h.Restore(h.t.Context(), model.Restore{SnapshotID: saved.SnapshotID, DeviceID: other.ID, App: &model.AppRestore{
		Mode: model.AppCopy, Project: "moved", Folder: filepath.Join(app.Found.WorkingDir, "moved"),
	}}, model.TriggerManual)
	h.must(err)
	h.expect(h.wait(made.ID), model.JobSuccess, "")
	h.must(h.discoverDevice(h.t.Context(), other.ID))
	all, err := h.Store.FoundApps(h.t.Context(), other.ID)
	h.must(err)
	if !slices.ContainsFunc(all, func(a model.App) bool { return a.Project == "moved" && a.ID != app.ID && !a.Gone }) {
		h.t.Errorf("the copy is none of the apps of its device: %+v", all)
	}
	if now, err := h.Store.App(h.t.Context(), app.ID); err != nil || now.DeviceID != app.DeviceID || now.Gone {
		h.t.Errorf("the app itself is %+v now, %v", now, err)
	}
}
