package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/device"
	"keepstead/events"
	"keepstead/jobs"
	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
	"keepstead/testbed"
)

// house is the API with real parts behind it, and a client in front of it that checks every message.
type house struct {
	*client
	api *API
	hub *events.Hub
	db  *store.Store
	dir string
}

// newHouse returns a house at work: its manager runs jobs with the real restic.
func newHouse(t *testing.T, change ...func(*jobs.Options)) *house {
	t.Helper()
	restic := testbed.Restic(t)
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	data := filepath.Join(dir, "data")
	db, err := store.Open(t.Context(), data, store.Options{Exclusive: true}, log)
	must(t, err)
	host, hub := device.NewLocal(log), events.New()
	o := jobs.Options{Store: db, Box: newBox(t, data, db), Hub: hub, Host: host, Restic: restic, Dir: data, Log: log}
	for _, c := range change {
		c(&o)
	}
	m, err := jobs.New(o)
	must(t, err)
	must(t, m.Start(t.Context()))
	t.Cleanup(func() {
		hub.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := errors.Join(m.Stop(ctx), host.Close(), db.Close()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	a, err := New(Deps{Store: db, Jobs: m, Hub: hub, Log: log, Version: "test"})
	must(t, err)
	app := fiber.New(fiber.Config{Immutable: true, CaseSensitive: true, DisableStartupMessage: true, ReadBufferSize: 16 << 10, ErrorHandler: a.Fail})
	a.Register(app.Group(Base))
	return &house{client: newClient(t, app, a), api: a, hub: hub, db: db, dir: dir}
}

func newBox(t *testing.T, data string, db *store.Store) *secret.Box {
	t.Helper()
	master := secret.File(filepath.Join(data, "master.key"))
	key, err := secret.NewDataKey(master)
	must(t, err)
	key, err = db.CreateDataKey(t.Context(), key)
	must(t, err)
	box, err := secret.Open(master, []model.DataKey{key})
	must(t, err)
	return box
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// folder returns a folder of the test's own with the files in it.
func (h *house) folder(name string, files map[string]string) string {
	h.t.Helper()
	root := filepath.Join(h.dir, name)
	must(h.t, os.MkdirAll(root, 0o755))
	for file, text := range files {
		path := filepath.Join(root, file)
		must(h.t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(h.t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

// destination adopts a repository, which costs less than making one.
func (h *house) destination(name string) Destination {
	h.t.Helper()
	dir, password := testbed.Repository(h.t)
	body := map[string]any{"name": name, "path": dir, "repo_password": password}
	return read[Destination](h.send("POST", "/backup/destinations/local", body, 201))
}

// app declares an app over a folder with files and returns it with its automatic configuration.
func (h *house) app(name string) (App, AppConfiguration) {
	h.t.Helper()
	src := h.folder("src-"+name, map[string]string{"one.txt": "one", "sub/two [2].txt": "two", "sub/three*.txt": "three"})
	app := read[App](h.send("POST", "/apps", map[string]any{"name": name, "paths": []string{src}}, 201))
	if len(app.Configurations) != 1 {
		h.t.Fatalf("%d configurations of a new app", len(app.Configurations))
	}
	return app, app.Configurations[0]
}

// backup runs one backup of the configuration into its one destination and returns the snapshot.
func (h *house) backup(c AppConfiguration) Snapshot {
	h.t.Helper()
	started := read[StartedBackup](h.send("POST", "/backup/configurations/"+c.ID.String()+"/backup", nil, 202))
	if job := h.wait(started.JobID.String()); job.State != model.JobSuccess {
		h.t.Fatalf("backup ended %s: %s %s", job.State, job.Message, job.Mend)
	}
	return read[Snapshot](h.send("GET", "/backup/snapshots/"+started.SnapshotID.String(), nil, 200))
}

// wait reads the job until it has ended.
func (h *house) wait(id string) Job {
	h.t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if job := read[Job](h.send("GET", "/jobs/"+id, nil, 200)); job.State.Final() {
			return job
		}
	}
	h.t.Fatalf("job %s does not end", id)
	return Job{}
}
