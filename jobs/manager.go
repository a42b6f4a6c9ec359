// Package jobs decides when work runs and runs it: the schedule, the queue, the workers, one file per kind of job, and
// the recovery after a crash. It is the one owner of locks and of opened secrets; nothing above it sees restic.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"keepstead/device"
	"keepstead/events"
	"keepstead/index"
	"keepstead/model"
	"keepstead/notify"
	"keepstead/secret"
	"keepstead/store"
)

// Options are what a Manager is built from.
type Options struct {
	Store *store.Store
	Box   *secret.Box
	Hub   *events.Hub
	Host  device.Host
	// Restic is the path of the restic program.
	Restic string
	// DockerSocket is the path of this machine's container engine; empty switches discovery off.
	DockerSocket string
	// Index holds the files of snapshots; nil where there is none, and repositories are asked each time.
	Index *index.Index
	// Version is Keepstead's own, written into manifests.
	Version string
	// Dir is Keepstead's data folder; runs, logs, cache and staging live below it.
	Dir string
	// Parallel bounds the jobs that run at once; 0 means DefaultParallel.
	Parallel int
	// GiveUp is how long another machine may be silent before it counts as lost; 0 is device.DefaultGiveUp.
	GiveUp time.Duration
	// Pace is how notifications are put together; the zero value is model.UsualPace.
	Pace  model.Pace
	Clock clockwork.Clock
	Log   *slog.Logger
}

// DefaultParallel is the bound on jobs at once where none is given.
const DefaultParallel = 4

// Manager is the queue, its workers and everything that goes through them.
type Manager struct {
	Options
	outbox
	logger    *slog.Logger
	scheduler gocron.Scheduler

	base  context.Context // ends when Stop begins; every job's context hangs from it
	halt  context.CancelCauseFunc
	wake  chan struct{}
	loops sync.WaitGroup // dispatcher, workers and discovery

	// claiming keeps a job from passing between the queue and running while somebody looks for it.
	claiming sync.Mutex

	// reading is held while the stock is read, so that many pages at once wait for one reading.
	reading sync.Mutex
	kept    kept

	mu       sync.Mutex
	running  map[uuid.UUID]*run
	progress map[uuid.UUID]model.Progress
	captures map[uuid.UUID]*capture // by app: one at a time
	owned    map[uuid.UUID]bool     // captures at work, as owners of what must be taken back

	machines  map[uuid.UUID]reached       // the connections to devices over SSH
	links     map[uuid.UUID]*link         // to the container engines, by device
	shares    map[uuid.UUID]*sync.RWMutex // of destinations, see sharing
	discovery sync.Mutex                  // what was found is compared with the rows one device at a time

	downloads chan struct{} // a place for each download at work
	previews  chan struct{} // and for each preview

	// undoing lets one at a time take back what crashes left.
	undoing sync.Mutex

	// tests are the tests of devices that run now.
	tests deviceTests

	// adding serialises the creation of destinations, so that two requests cannot make one repository twice.
	adding sync.Mutex

	// sealing is held for reading while something sealed is on its way into the database: from the reading of the row that
	// it is for to the writing. The data key is not replaced meanwhile.
	sealing sync.RWMutex
}

// Why a job's context ended.
var (
	errCancelled = errors.New("cancelled")
	errStopping  = errors.New("Keepstead is stopping")
	errStalled   = errors.New("no progress")
)

// workFolders are what Keepstead makes and clears inside its data folder. Beside them a person may keep backups there:
// the set-up offers DIR/backups, which works without any other disk.
var workFolders = []string{"runs", "logs", "cache", "staging"}

// New returns a Manager that does nothing until Start.
func New(o Options) (*Manager, error) {
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	o.Dir = dir
	for _, name := range workFolders {
		if err := os.MkdirAll(filepath.Join(o.Dir, name), 0o700); err != nil {
			return nil, fmt.Errorf("make the data folder: %w", err)
		}
	}
	// The rules that compare places compare real paths.
	if o.Dir, err = filepath.EvalSymlinks(o.Dir); err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	if o.Pace == (model.Pace{}) {
		o.Pace = model.UsualPace()
	}
	m := &Manager{
		Options: o, logger: o.Log,
		outbox: outbox{sender: notify.New(0), pace: o.Pace, nudge: make(chan struct{}, 1), sending: map[uuid.UUID]bool{}}, wake: make(chan struct{}, 1),
		running: map[uuid.UUID]*run{}, progress: map[uuid.UUID]model.Progress{},
		captures: map[uuid.UUID]*capture{}, owned: map[uuid.UUID]bool{}, links: map[uuid.UUID]*link{},
		machines:  map[uuid.UUID]reached{},
		shares:    map[uuid.UUID]*sync.RWMutex{},
		downloads: make(chan struct{}, maxDownloads), previews: make(chan struct{}, maxPreviews),
	}
	m.base, m.halt = context.WithCancelCause(context.Background())
	return m, nil
}

// Start recovers from whatever ended the last run, then begins to schedule and to work.
func (m *Manager) Start(ctx context.Context) error {
	if err := m.recover(ctx); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if err := m.startSchedule(); err != nil {
		return fmt.Errorf("start the schedule: %w", err)
	}
	m.loops.Add(2)
	go m.dispatch()
	go m.discoverAll()
	if m.voice.Alerts != nil {
		m.loops.Add(1)
		go m.tell()
	}
	m.settleIndexLater()
	m.poke()
	return nil
}

// Stop ends the schedule and interrupts what runs: each restic gets one SIGINT and gives its lock back. Jobs still
// there when ctx ends are cut off on other machines and left to the host's Close on this one; a second Stop waits until
// they are recorded.
func (m *Manager) Stop(ctx context.Context) error {
	first := m.base.Err() == nil
	m.halt(errStopping)
	var err error
	if first && m.scheduler != nil {
		err = m.scheduler.Shutdown()
	}
	done := make(chan struct{})
	go func() { m.loops.Wait(); close(done) }()
	defer m.partAll()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("jobs did not end in time: %w", ctx.Err()))
	}
}

// Ready says whether the scheduler and the queue are at work.
func (m *Manager) Ready() bool { return m.scheduler != nil && m.base.Err() == nil }

// now is the clock's time in UTC.
func (m *Manager) now() time.Time { return m.Clock.Now().UTC() }

// poke wakes the dispatcher; it never blocks.
func (m *Manager) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *Manager) publish(kind model.EventKind, id uuid.UUID) {
	m.Hub.Publish(model.Event{Kind: kind, ID: id})
}

func (m *Manager) publishJob(j model.Job) {
	m.Hub.Publish(model.Event{Kind: model.EventJob, ID: j.ID, JobKind: j.Kind, AppID: j.AppID, DestinationID: j.DestinationID})
}
