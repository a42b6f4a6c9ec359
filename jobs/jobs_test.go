package jobs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"keepstead/device"
	"keepstead/events"
	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
	"keepstead/testbed"
)

// house is a Manager with real parts around it, in folders of its own.
type house struct {
	*Manager
	t    *testing.T
	dir  string
	repo string // the folder of the first destination
	src  string // the folder of the first app
}

// newHouse returns a house that has not started: no worker runs until Start.
func newHouse(t *testing.T, change ...func(*Options)) *house {
	t.Helper()
	restic := testbed.Restic(t)
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	data := filepath.Join(dir, "data")
	db, err := store.Open(t.Context(), data, store.Options{Exclusive: true}, log)
	if err != nil {
		t.Fatal(err)
	}
	host := device.NewLocal(log)
	o := Options{
		Store: db, Box: newBox(t, data), Hub: events.New(), Host: host, Restic: restic, Dir: data, Log: log,
	}
	for _, c := range change {
		c(&o)
	}
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Manager: m, t: t, dir: dir, repo: filepath.Join(dir, "repo"), src: filepath.Join(dir, "src")}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := m.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		if err := errors.Join(host.Close(), db.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

func newBox(t *testing.T, data string) *secret.Box {
	t.Helper()
	master := secret.File(filepath.Join(data, "master.key"))
	key, err := secret.NewDataKey(master)
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(master, []model.DataKey{key})
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) start() {
	h.t.Helper()
	h.must(h.Start(h.t.Context()))
}

// destination adds the folder destination of the house.
func (h *house) destination() model.Destination {
	h.t.Helper()
	d, err := h.AddDestination(h.t.Context(), model.Destination{Name: "Folder", Type: model.DestinationLocal, LocalPath: h.repo}, model.DestinationSecrets{})
	h.must(err)
	return d
}

// app writes n files and adds their folder as an app; it returns the app and its automatic configuration.
func (h *house) app(n int) (model.App, model.Configuration) {
	h.t.Helper()
	h.write(n)
	a, _, err := h.PutApp(h.t.Context(), model.App{Name: "Photos", Origin: model.OriginManual, Paths: []string{h.src}})
	h.must(err)
	c, err := h.Store.AutomaticConfiguration(h.t.Context(), a.ID)
	h.must(err)
	return a, c
}

// write makes the app's folder hold exactly n files.
func (h *house) write(n int) {
	h.t.Helper()
	h.must(os.RemoveAll(h.src))
	h.must(os.MkdirAll(h.src, 0o755))
	for i := range n {
		name := filepath.Join(h.src, "file-"+string(rune('a'+i%26))+"-"+uuid.NewString())
		h.must(os.WriteFile(name, []byte(name), 0o600))
	}
}

// backup runs one backup of c to its end.
func (h *house) backup(c model.Configuration) model.Job {
	h.t.Helper()
	jobs, err := h.Backup(h.t.Context(), c.ID, model.TriggerManual)
	h.must(err)
	if len(jobs) != 1 {
		h.t.Fatalf("%d jobs for one destination", len(jobs))
	}
	return h.wait(jobs[0].ID)
}

func (h *house) wait(id uuid.UUID) model.Job {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Minute) // one busy with many tests takes its time
	defer cancel()
	job, err := h.Wait(ctx, id)
	h.must(err)
	return job
}

// idle waits until no job is open.
func (h *house) idle() {
	h.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		open, err := h.Store.Jobs(h.t.Context(), model.JobFilter{States: []model.JobState{model.JobQueued, model.JobRunning}})
		h.must(err)
		if len(open) == 0 {
			return
		}
	}
	h.t.Fatal("jobs are still open after ten minutes")
}

func (h *house) snapshots(c model.Configuration) []model.Snapshot {
	h.t.Helper()
	all, err := h.allSnapshots(h.t.Context(), model.SnapshotFilter{ConfigurationID: c.ID})
	h.must(err)
	return all
}

// jobText returns a job's whole log.
func (h *house) jobText(id uuid.UUID) string {
	h.t.Helper()
	r, err := h.Log(id)
	h.must(err)
	defer func() { h.must(r.Close()) }()
	text, err := io.ReadAll(r)
	h.must(err)
	return string(text)
}

func (h *house) expect(job model.Job, state model.JobState, cause model.Cause) {
	h.t.Helper()
	if job.State != state || job.Cause != cause {
		h.t.Fatalf("job is %s (%s: %s), want %s (%s); its log:\n%s", job.State, job.Cause, job.Message, state, cause, h.jobText(job.ID))
	}
}

// raw runs restic itself on the house's repository, as a stranger with the password would.
func (h *house) raw(d model.Destination, args ...string) string {
	h.t.Helper()
	password, err := h.RepositoryPassword(d)
	h.must(err)
	cmd := exec.CommandContext(h.t.Context(), h.Restic, args...)
	cmd.Env = []string{"RESTIC_REPOSITORY=" + d.LocalPath, "RESTIC_PASSWORD=" + password, "RESTIC_CACHE_DIR=" + filepath.Join(h.dir, "rawcache")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("restic %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func at(text string) time.Time {
	t, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return t
}

func fakeClock(text string) (*clockwork.FakeClock, func(*Options)) {
	clock := clockwork.NewFakeClockAt(at(text))
	return clock, func(o *Options) { o.Clock = clock }
}
