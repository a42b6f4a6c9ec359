package jobs

import (
	"testing"
	"time"

	"keepstead/model"
	"keepstead/store"
	"keepstead/testbed"
)

// TestSchedulesOfAppsThatAreAwayRest gives one slot to an app that is there, one that is gone and one that a label
// switches off.
func TestSchedulesOfAppsThatAreAwayRest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.destination()
	policies, err := h.Store.Policies(ctx)
	h.must(err)
	var rows []store.FoundApp
	for name, change := range map[string]func(*model.App){
		"there": func(*model.App) {}, "gone": func(a *model.App) { a.Gone = true }, "off": func(a *model.App) { a.Disabled = true },
	} {
		a := model.App{
			ID: model.NewID(), DeviceID: h.local().ID, Name: name, Project: name, Kind: model.AppCompose, Origin: model.OriginFound, Found: &model.Found{},
		}
		change(&a)
		rows = append(rows, store.FoundApp{App: a, New: true, Automatic: automatic(a.ID, model.Found{}, policies)})
	}
	h.must(h.Store.PutFoundApps(ctx, rows))
	p, err := h.Store.DefaultPolicy(ctx)
	h.must(err)
	cron, err := p.Cron()
	h.must(err)
	for name, queue := range map[string]func() error{
		"a slot":             func() error { return h.fillSlots(ctx, p, cron, h.now().AddDate(0, 0, -2), h.now()) },
		"back up everything": func() error { _, err := h.BackupAll(ctx, model.TriggerManual); return err },
	} {
		h.must(queue())
		queued := map[string]int{}
		for _, r := range rows {
			queued[r.App.Name] = 0
		}
		open, err := h.Store.Jobs(ctx, model.JobFilter{States: []model.JobState{model.JobQueued}})
		h.must(err)
		for _, j := range open {
			a, err := h.Store.App(ctx, j.AppID)
			h.must(err)
			queued[a.Name]++
			h.must(h.Store.CancelQueuedJob(ctx, j.ID))
		}
		if queued["there"] != 1 || queued["gone"] != 0 || queued["off"] != 0 {
			t.Errorf("%s queued %v", name, queued)
		}
	}
	all, err := h.Overview(ctx)
	h.must(err)
	for _, o := range all {
		if rests := o.App.Name == "gone" || o.App.Name == "off"; rests && o.Status != model.Paused {
			t.Errorf("%s is shown as %s", o.App.Name, o.Status)
		}
	}
}

// TestANewProjectIsBackedUpAtTheNextSlot starts a project beside a Keepstead that nobody touches.
func TestANewProjectIsBackedUpAtTheNextSlot(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	clock, use := fakeClock("2026-03-10 01:00:00")
	h := newHouse(t, use, func(o *Options) { o.DockerSocket, o.Version = e.Socket, "test" })
	h.destination()
	p, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	p.TimeZone = "UTC"
	_, err = h.ChangePolicy(t.Context(), p)
	h.must(err)
	h.start()
	h.idle()

	e.Compose(t, smallProject(t, "tonight"), "up", "-d")
	h.within(5*time.Second, "the project is an app", func() bool { a, ok := h.appOf("tonight"); return ok && a.Found.Services[0].Running == 1 })
	a, _ := h.appOf("tonight")
	clock.Advance(time.Hour + time.Minute)
	h.must(h.tick(t.Context()))
	jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{AppID: a.ID, Kinds: []model.JobKind{model.JobBackup}})
	h.must(err)
	if len(jobs) != 1 || jobs[0].Trigger != model.TriggerSchedule {
		t.Fatalf("the slot queued %+v", jobs)
	}
	h.expect(h.wait(jobs[0].ID), model.JobSuccess, "")
}
