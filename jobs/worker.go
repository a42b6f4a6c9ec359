package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/gateway"
	"keepstead/model"
	"keepstead/store"
)

// Bounds of a run: a job that reports nothing new for stallAfter is ended, and none runs longer than wallLimit.
const (
	stallAfter  = 45 * time.Minute
	wallLimit   = 7 * 24 * time.Hour
	idleCheck   = 30 * time.Second // how often the queue is looked at without a wake-up
	lookTimeout = 30 * time.Second // for a machine to say what its program read and wrote
	// idleTraffic is what a program that only tries to connect again may read and write in a minute.
	idleTraffic = 1 << 20
)

// run is one job at work.
type run struct {
	*Manager
	job      model.Job
	log      *jobLog
	dir      string          // of this run's files on this machine
	on       machine         // where its program runs
	temp     string          // its folder there, where that is another machine
	ends     []func()        // what is to be given up when it ends
	lent     *gateway.Server // of its repository, where that is lent to it
	ctx      context.Context // of the whole run; cancel ends it
	cancel   context.CancelCauseFunc
	commands atomic.Int32
	moved    atomic.Int64 // unix time of the last progress
	process  atomic.Pointer[device.Process]
	last     model.Progress
	shown    time.Time
}

// dispatch claims jobs while there is room and starts a goroutine for each.
func (m *Manager) dispatch() {
	defer m.loops.Done()
	tick := time.NewTicker(idleCheck)
	defer tick.Stop()
	m.takeBackFirst()
	for {
		m.claimAll()
		select {
		case <-m.base.Done():
			return
		case <-m.wake:
		case <-tick.C:
		}
	}
}

func (m *Manager) claimAll() {
	for m.base.Err() == nil {
		r, err := m.claim()
		if err != nil {
			if !errors.Is(err, model.ErrNotFound) && m.base.Err() == nil {
				m.logger.Error("claim a job", "error", err)
			}
			return
		}
		m.loops.Add(1)
		go m.work(r)
	}
}

// claim takes the next job and makes it known as running in one step, so that Cancel finds it either queued or here.
func (m *Manager) claim() (*run, error) {
	m.claiming.Lock()
	defer m.claiming.Unlock()
	job, err := m.Store.ClaimJob(m.base, m.limits())
	if err != nil {
		return nil, err
	}
	r := &run{Manager: m, job: job, dir: filepath.Join(m.Dir, "runs", job.ID.String())}
	r.ctx, r.cancel = context.WithCancelCause(m.base)
	m.mu.Lock()
	m.running[job.ID] = r
	m.mu.Unlock()
	return r, nil
}

// perDevice bounds the backups that run at once on another machine, which has its own work to do.
const perDevice = 2

// limits keeps a quarter of the places free of any one repository, so that a slow one cannot hold up the others, and
// gives restores places of their own. Two backups share a repository wherever two jobs may run at all.
func (m *Manager) limits() store.Limits {
	per := max(min(m.Parallel, 2), m.Parallel*3/4)
	return store.Limits{Total: m.Parallel, PerDestination: per, PerDevice: perDevice, Restores: 2}
}

// work runs a claimed job to its end and records the outcome, whatever happens.
func (m *Manager) work(r *run) {
	defer m.loops.Done()
	defer m.poke()
	defer r.cancel(nil)
	job := r.job
	r.log = m.openLog(job.ID)
	r.moved.Store(time.Now().Unix())
	m.publishJob(job)

	ctx, stop := context.WithTimeout(r.ctx, wallLimit)
	defer stop()
	go r.watch(ctx)
	done := r.perform(ctx)
	done.follow = append(done.follow, r.indexAfter(done)...)
	m.unindex(ctx, done.Removed)
	r.log.printf("%s", done.Line())
	r.log.close()
	m.record(job, done)
	r.tellDevice(ctx, done)

	m.mu.Lock()
	delete(m.running, job.ID)
	delete(m.progress, job.ID)
	m.mu.Unlock()
	job.State = done.State
	m.publishJob(job)
	if done.Snapshot != nil || len(done.Removed)+len(done.Imported) > 0 {
		m.publish(model.EventSnapshot, job.SnapshotID)
	}
	m.publish(model.EventDestination, job.DestinationID)
}

// record writes the outcome; a database that cannot be written now (a full disk) is tried again until Keepstead
// stops, and what could not be written by then is found as interrupted at the next start.
func (m *Manager) record(job model.Job, done finish) {
	for wait := 100 * time.Millisecond; ; wait = min(wait*2, 30*time.Second) {
		err := m.Store.FinishJob(context.WithoutCancel(m.base), job.ID, done.Outcome, done.follow...)
		if err == nil {
			return
		}
		m.logger.Error("record a job's outcome", "job", job.ID, "error", err)
		if errors.Is(err, model.ErrConflict) || errors.Is(err, model.ErrNotFound) {
			return // it has an outcome already, or is gone: trying again would never end
		}
		select {
		case <-m.base.Done():
			return
		case <-time.After(wait):
		}
	}
}

// finish is a job's outcome with the work that follows from it.
type finish struct {
	store.Outcome
	follow []model.Job
}

// Line says the outcome for the job's log.
func (f finish) Line() string {
	line := "Ended: " + string(f.State) + "."
	if f.Message != "" {
		line += " " + f.Message
	}
	if f.Mend != "" {
		line += " " + f.Mend
	}
	return line
}

// perform does the job by its kind; a panic is a failure of this job alone.
func (r *run) perform(ctx context.Context) (done finish) {
	defer func() {
		if p := recover(); p != nil {
			r.logger.Error("a job panicked", "job", r.job.ID, "panic", p, "stack", string(debug.Stack()))
			done = r.failed(ctx, fmt.Errorf("internal error: %v", p))
		}
	}()
	defer r.leave()
	if err := r.enter(ctx); err != nil {
		return r.failed(ctx, err)
	}
	switch r.job.Kind {
	case model.JobBackup:
		return r.backup(ctx)
	case model.JobRestore:
		return r.restore(ctx)
	case model.JobForget:
		return r.forget(ctx)
	case model.JobPrune:
		return r.prune(ctx)
	case model.JobCheck:
		return r.check(ctx)
	case model.JobSync:
		return r.sync(ctx)
	case model.JobTamper:
		return r.tamper(ctx)
	case model.JobRotate:
		return r.rotate(ctx)
	case model.JobIndex:
		return r.index(ctx)
	}
	return r.failed(ctx, fmt.Errorf("a job of an unknown kind %q", r.job.Kind))
}

// enter makes the run's folder and goes to the machine that its program runs on.
func (r *run) enter(ctx context.Context) (err error) {
	if err = os.MkdirAll(r.dir, 0o700); err != nil {
		return fmt.Errorf("make the run's folder: %w", err)
	}
	if r.on, err = r.machine(ctx, workplace(r.job)); err != nil {
		return err
	}
	if r.on.here() {
		return nil
	}
	if err := r.equip(ctx, &r.on); err != nil {
		return err
	}
	files, err := r.on.host.Files()
	if err != nil {
		return err
	}
	r.temp = path.Join(r.on.dir, "runs", r.job.ID.String())
	r.sweep(ctx, files, "runs", func(job uuid.UUID) error { _, err := r.Store.Job(ctx, job); return err })
	r.sweep(ctx, files, "staging", func(configuration uuid.UUID) error { _, err := r.Store.Configuration(ctx, configuration); return err })
	if err := files.MkdirAll(r.temp, 0o700); err != nil {
		return fmt.Errorf("make the run's folder on %s: %w", r.on.Name, err)
	}
	r.ends = append(r.ends, func() {
		if err := files.RemoveAll(r.temp); err != nil {
			r.logger.Warn("remove a run's folder", "device", r.on.Name, "error", err)
		}
	})
	return nil
}

// sweep removes from another machine what jobs left there that ended while it could not be reached: the folders in one of
// ours, each named after a job or a configuration. What is not known here may be another Keepstead's, and in use.
func (r *run) sweep(ctx context.Context, files device.Files, name string, known func(uuid.UUID) error) {
	dir := path.Join(r.on.dir, name)
	entries, err := files.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.logger.Warn("look for what old jobs left", "device", r.on.Name, "error", err)
	}
	for _, e := range entries {
		id, err := uuid.Parse(e.Name())
		if err != nil || r.runs(id) || known(id) != nil {
			continue
		}
		if err := files.RemoveAll(path.Join(dir, e.Name())); err != nil {
			r.logger.Warn("remove what an old job left", "device", r.on.Name, "error", err)
		}
	}
}

// runs says whether a job of that id, or of the configuration of that id, runs now.
func (m *Manager) runs(id uuid.UUID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.running {
		if r.job.ID == id || r.job.ConfigurationID == id {
			return true
		}
	}
	return false
}

// leave gives up, the last first, what the run holds, and removes its files.
func (r *run) leave() {
	for _, end := range slices.Backward(r.ends) {
		end()
	}
	_ = os.RemoveAll(r.dir)
}

// workplace is the device that the job's program runs on: where the app or the target of a restore is. All upkeep of a
// repository runs on this machine.
func workplace(j model.Job) uuid.UUID {
	if j.Kind == model.JobBackup || j.Kind == model.JobRestore {
		return j.DeviceID
	}
	return uuid.Nil
}

// watch ends a run that has stopped moving.
func (r *run) watch(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	var traffic int64
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if traffic = r.look(ctx, now, traffic); now.Sub(time.Unix(r.moved.Load(), 0)) > stallAfter {
				r.cancel(errStalled)
				return
			}
		}
	}
}

// look counts the traffic of the run's program as movement where it is more than a try to connect makes, and returns
// it: restic is silent for hours while it verifies a restore or reads data for a check.
func (r *run) look(ctx context.Context, now time.Time, before int64) int64 {
	p := r.process.Load()
	if p == nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout) // a machine that is cut off must not keep the watch from its end
	defer cancel()
	traffic := device.TrafficOn(ctx, r.on.host, *p)
	if traffic-before > idleTraffic {
		r.moved.Store(now.Unix())
	}
	return traffic
}

// started commits the process to the job's row before the program begins.
func (r *run) started(p device.Process) error {
	r.process.Store(&p)
	host, err := r.on.hostname()
	if err != nil {
		return err
	}
	return r.Store.SetJobProcess(context.WithoutCancel(r.base), r.job.ID, p.PID, p.Start, p.BootID, host)
}

// Cancel ends a queued job at once and asks a running one to stop.
func (m *Manager) Cancel(ctx context.Context, id uuid.UUID) error {
	if running, err := m.cancel(ctx, id); running || err != nil {
		return err
	}
	job, err := m.Store.Job(ctx, id)
	if err != nil {
		return err
	}
	m.publishJob(job)
	m.poke()
	return nil
}

// cancel ends the job where it is; it says whether that is in a worker. No job is claimed meanwhile.
func (m *Manager) cancel(ctx context.Context, id uuid.UUID) (running bool, err error) {
	m.claiming.Lock()
	defer m.claiming.Unlock()
	m.mu.Lock()
	r := m.running[id]
	m.mu.Unlock()
	if r != nil {
		r.cancel(errCancelled)
		return true, nil
	}
	return false, m.Store.CancelQueuedJob(ctx, id)
}
