package jobs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/testbed"
)

// engineHouse is a house beside an engine of its own, started, with its destination.
type engineHouse struct {
	*house
	engine      *testbed.Engine
	project     *testbed.Project
	destination model.Destination
}

// newEngineHouse brings a project up and returns its app and configuration too.
func newEngineHouse(t *testing.T, kind string) (*engineHouse, model.App, model.Configuration) {
	t.Helper()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, kind)
	e.Up(t, p.Dir)
	h := &engineHouse{house: newHouse(t, func(o *Options) { o.DockerSocket, o.Version = e.Socket, "test" }), engine: e, project: p}
	h.destination = h.house.destination()
	h.start()
	a := h.found(p.Name)
	c, err := h.Store.AutomaticConfiguration(t.Context(), a.ID)
	h.must(err)
	return h, a, c
}

// found discovers and returns the app of a project.
func (h *engineHouse) found(project string) model.App {
	h.t.Helper()
	h.must(h.Discover(h.t.Context()))
	all, err := h.Store.Apps(h.t.Context())
	h.must(err)
	for _, a := range all {
		if a.Project == project {
			a, err = h.Store.App(h.t.Context(), a.ID)
			h.must(err)
			return a
		}
	}
	h.t.Fatalf("the project %s was not found", project)
	return model.App{}
}

// choose sets how the app is captured.
func (h *engineHouse) choose(c model.Configuration, chosen model.Capture) {
	h.t.Helper()
	_, err := h.ChangeCapture(h.t.Context(), c.ID, chosen)
	h.must(err)
}

// inspect asks the engine for one thing of a container.
func (h *engineHouse) inspect(service, format string) string {
	h.t.Helper()
	return strings.TrimSpace(h.engine.Docker(h.t, "inspect", "--format", format, h.project.Container(service)))
}

func (h *engineHouse) contents(job model.Job) *model.Contents {
	h.t.Helper()
	s, err := h.Store.Snapshot(h.t.Context(), job.SnapshotID)
	h.must(err)
	if s.Contents == nil {
		h.t.Fatalf("the snapshot %+v says nothing of its contents", s)
	}
	return s.Contents
}

// clean checks that a job left nothing: no act to take back, no staged file.
func (h *engineHouse) clean() {
	h.t.Helper()
	rows, err := h.Store.Undos(h.t.Context(), [16]byte{})
	h.must(err)
	if len(rows) > 0 {
		h.t.Errorf("acts are left to take back: %+v", rows)
	}
	left, err := os.ReadDir(filepath.Join(h.Dir, "staging"))
	h.must(err)
	if len(left) > 0 {
		h.t.Errorf("staged files are left: %v", left)
	}
}

// A project with a database: dumped while it runs, the raw folder left out, with everything else in one snapshot.
func TestCaptureOfAProject(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	c.ExcludePaths = []string{"*.sql", "databases", "staging", "*.json"} // none of these may reach a dump
	_, err := h.Store.UpdateConfiguration(t.Context(), c)
	h.must(err)
	begun := h.inspect("db", "{{.State.StartedAt}}")
	job := h.backup(c)
	h.expect(job, model.JobSuccess, "")
	if got := h.inspect("db", "{{.State.StartedAt}}"); got != begun {
		t.Errorf("the database was restarted for its dump")
	}
	contents := h.contents(job)
	var dumped []string
	for _, d := range contents.Dumps {
		dumped = append(dumped, d.Service+"/"+d.Database)
	}
	for _, want := range []string{"db/", "db/shop", "db/second shop"} {
		if !slices.Contains(dumped, want) {
			t.Errorf("the dumps are %q, want %q among them", dumped, want)
		}
	}
	s, err := h.Store.Snapshot(t.Context(), job.SnapshotID)
	h.must(err)
	list := h.raw(h.destination, "ls", s.ResticSnapshotID)
	for _, want := range []string{
		"/docker-compose.yml", "/web.env", "/.env", "/" + model.ManifestName, "/volumes/" + h.project.Volume("uploads") + "/_data/log", "/config/", "/env/web.env",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the snapshot lacks %s:\n%s", want, list)
		}
	}
	for _, unwanted := range []string{"/PG_VERSION", "/etc/localtime"} {
		if strings.Contains(list, unwanted) {
			t.Errorf("the snapshot holds %s", unwanted)
		}
	}
	h.clean()
}

// What the strategies do to containers, and that each is as it was afterwards.
func TestStrategiesTouchNothingForGood(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	e.Docker(t, "run", "-d", "--name", "lone", "webapp:1")
	e.Compose(t, p.Dir, "stop", "web")

	h.choose(c, model.Capture{Strategies: map[string]model.Strategy{"db": model.StrategyStop, "web": model.StrategyStop}})
	job := h.backup(c)
	h.expect(job, model.JobSuccess, "")
	if job.Result.Quiet <= 0 {
		t.Errorf("a stop was not measured: %+v", job.Result)
	}
	if db, web := h.inspect("db", "{{.State.Status}}"), h.inspect("web", "{{.State.Status}}"); db != "running" || web != "exited" {
		t.Errorf("afterwards db is %s and web %s, want running and exited", db, web)
	}
	e.Compose(t, p.Dir, "start", "web")
	e.AwaitHealthy(t, p.Dir)

	started := h.inspect("db", "{{.State.StartedAt}}")
	h.choose(c, model.Capture{Strategies: map[string]model.Strategy{"db": model.StrategyPause, "web": model.StrategyPause}})
	job = h.backup(c)
	h.expect(job, model.JobSuccess, "")
	if got := h.inspect("db", "{{.State.StartedAt}} {{.State.Paused}}"); got != started+" false" {
		t.Errorf("after a pause db is %s, was %s", got, started)
	}
	if log := h.jobText(job.ID); strings.Index(log, "Pausing "+p.Container("web")) > strings.Index(log, "Pausing "+p.Container("db")) {
		t.Errorf("web depends on db, but db was paused first:\n%s", log)
	}
	h.clean()
}

// The backups of one batch share one capture: two destinations, one stop.
func TestDestinationsShareACapture(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	second, err := h.AddDestination(t.Context(), model.Destination{
		Name: "Second", Type: model.DestinationLocal, LocalPath: filepath.Join(h.dir, "second"),
	}, model.DestinationSecrets{})
	h.must(err)
	policy, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	policy.DestinationIDs = append(policy.DestinationIDs, second.ID)
	_, err = h.ChangePolicy(t.Context(), policy)
	h.must(err)
	h.choose(c, model.Capture{Strategies: map[string]model.Strategy{"db": model.StrategyStop}})
	jobs, err := h.Backup(t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	if len(jobs) != 2 {
		t.Fatalf("%d jobs for two destinations", len(jobs))
	}
	stops := 0
	for _, j := range jobs {
		h.expect(h.wait(j.ID), model.JobSuccess, "")
		stops += strings.Count(h.jobText(j.ID), "Stopping ")
	}
	if stops != 1 {
		t.Errorf("the database was stopped %d times for one batch", stops)
	}
	h.clean()
}

func TestCapturesThatFail(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.Postgres)
	e, p := h.engine, h.project
	repository := func() int {
		return strings.Count(h.raw(h.destination, "snapshots", "--json"), `"short_id"`)
	}
	h.expect(h.backup(c), model.JobSuccess, "")
	before := repository()

	// A command before the backup that fails stops it, and its post command runs all the same.
	h.choose(c, model.Capture{Hooks: map[string]model.Hooks{"db": {
		Pre: `echo "secret is $POSTGRES_PASSWORD"; exit 3`, Post: "touch /tmp/post-ran",
	}}})
	job := h.backup(c)
	h.expect(job, model.JobFailed, model.CauseHook)
	if log := h.jobText(job.ID); strings.Contains(log, p.Password) {
		t.Errorf("the log holds the password:\n%s", log)
	}
	e.Docker(t, "exec", p.Container("db"), "test", "-e", "/tmp/post-ran")
	h.choose(c, model.Capture{Hooks: map[string]model.Hooks{"db": {Pre: "exit 3", OnFailure: "go_on"}}})
	h.expect(h.backup(c), model.JobPartial, model.CauseUnreadable)
	h.choose(c, model.Capture{Hooks: map[string]model.Hooks{"db": {Pre: "sleep 60", Timeout: 1}}})
	h.expect(h.backup(c), model.JobFailed, model.CauseHook)
	h.choose(c, model.Capture{})

	// A database that refuses makes no snapshot.
	e.Docker(t, "exec", p.Container("db"), "sh", "-c", `p="$(command -v pg_dump)"; mv "$p" "$p.away"; printf '#!/bin/sh\necho half of it\nexit 0\n' > "$p"; chmod 755 "$p"`)
	h.expect(h.backup(c), model.JobFailed, model.CauseDump)
	if got := repository(); got != before+1 { // one partial snapshot
		t.Errorf("the repository has %d snapshots, want %d", got, before+1)
	}

	// An engine that is not there.
	e.Stop(t)
	h.expect(h.backup(c), model.JobFailed, model.CauseEngine)
	e.Start(t)
	h.clean()
}

// A container that something else starts while it is to be quiet makes the snapshot partial.
func TestDisturbedCaptureIsSaid(t *testing.T) {
	t.Parallel()
	h, _, c := newEngineHouse(t, testbed.SQLite)
	big := filepath.Join(h.engine.Root, "volumes", h.project.Volume("data"), "_data", "big")
	f, err := os.Create(big)
	h.must(err)
	for i := range 60 {
		_, err := fmt.Fprint(f, strings.Repeat(fmt.Sprintf("%d-%d;", i, time.Now().UnixNano()), 50_000))
		h.must(err)
	}
	h.must(f.Close())
	service := "app"
	h.choose(c, model.Capture{Strategies: map[string]model.Strategy{service: model.StrategyStop}})
	jobs, err := h.Backup(t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for ctx.Err() == nil && h.inspect(service, "{{.State.Running}}") == "true" {
		time.Sleep(10 * time.Millisecond)
	}
	h.engine.Docker(t, "start", h.project.Container(service))
	job := h.wait(jobs[0].ID)
	h.expect(job, model.JobPartial, model.CauseUnreadable)
	if !strings.Contains(job.Message, "started by something else") {
		t.Errorf("the message is %q", job.Message)
	}
	h.clean()
}
