package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// buryGrace is how long a child of an earlier Keepstead may take to end by itself.
const buryGrace = 10 * time.Second

// recover settles what the last Keepstead left: its children end, its running jobs become interrupted, each destination
// they used is synced (own stale locks go, snapshots that were saved are taken over), and an interrupted backup is
// queued again.
func (m *Manager) recover(ctx context.Context) error {
	jobs, err := m.Store.RunningJobs(ctx)
	if err != nil {
		return err
	}
	touched := map[uuid.UUID]bool{}
	for _, job := range jobs {
		m.bury(ctx, job)
		out := store.Outcome{
			State: model.JobInterrupted, Cause: model.CauseInterrupted,
			Message: "Keepstead or this machine went down while this ran.",
			Mend:    "It is run again by itself where it was a backup; what was uploaded so far is used again.",
		}
		if job.Kind == model.JobBackup {
			out.Snapshot = m.interruptedSnapshot(ctx, job, out.Message)
		}
		switch {
		case job.Restore != nil && job.Restore.App != nil:
			m.tellRebuild(ctx, job, &out)
		case job.Restore != nil && job.Restore.InPlace:
			tellOverwrite(job, &out)
		case job.Kind == model.JobRotate:
			out.Mend = "Nothing is lost: the password in use opens the repository. What was begun is completed by itself."
		}
		if err := m.cutSteps(ctx, job.ID); err != nil {
			m.logger.Warn("close the steps of a job", "job", job.ID, "error", err)
		}
		if err := m.Store.FinishJob(ctx, job.ID, out); err != nil {
			return fmt.Errorf("settle job %s: %w", job.ID, err)
		}
		if job.Kind != model.JobIndex { // it holds no lock, and what is not indexed is found when the rest has started
			touched[job.DestinationID] = true
		}
	}
	for id := range touched {
		if err := m.enqueueSync(ctx, id); err != nil {
			m.logger.Warn("queue a sync", "destination", id, "error", err)
		}
	}
	if err := errors.Join(m.resume(ctx), m.resumeRotations(ctx)); err != nil {
		return err
	}
	m.clearFolders()
	return m.settleDestinations(ctx)
}

// bury ends the process of a job of an earlier Keepstead. One on another machine has ended by itself, or will within
// minutes: what watches it there has lost its Keepstead.
func (m *Manager) bury(ctx context.Context, job model.Job) {
	on, err := m.device(ctx, workplace(job))
	if err == nil && on.Kind == model.DeviceSSH {
		return
	}
	if err := device.InterruptOn(ctx, m.Host, processOf(job), buryGrace); err != nil {
		m.logger.Warn("end a process of an earlier run", "job", job.ID, "error", err)
	}
}

// processOf is the process that did the work of a job.
func processOf(j model.Job) device.Process {
	return device.Process{PID: j.PID, Start: j.PIDStart, BootID: j.BootID}
}

// tellRebuild says what becomes of an app whose restore was cut off. Once the restore was made to stay, its rows only
// remove what was replaced, and a removed container is named by its id.
func (m *Manager) tellRebuild(ctx context.Context, job model.Job, out *store.Outcome) {
	out.Mend = "The app is put back as it was before, at once or within minutes; then restore again."
	rows, err := m.Store.Undos(ctx, job.ID)
	if err != nil {
		m.logger.Warn("read what a restore left", "job", job.ID, "error", err)
		return
	}
	for _, u := range rows {
		if u.Action != model.UndoDropAside && (u.Action != model.UndoRemoveContainer || u.Target == u.Name) {
			return
		}
	}
	last := len(job.Steps) - 1
	switch {
	case len(rows) > 0 || last >= 0 && (job.Steps[last].State == model.StepRunning || job.Steps[last].State == model.StepDone):
		out.Message = "The restore had succeeded and stays; Keepstead or this machine went down right after."
		out.Mend = "Nothing needs to be done. What was replaced is removed within minutes."
	default:
		out.Mend = "The app is as it was before; restore again."
	}
}

// tellOverwrite says what becomes of files whose restore in place was cut off. What was stopped for it is started again
// with all that a crash left to be taken back, and a safety snapshot that was saved is found by the sync.
func tellOverwrite(job model.Job, out *store.Outcome) {
	out.Mend = "Nothing was overwritten; restore again."
	for _, s := range job.Steps {
		switch {
		case s.Title != restoreFilesTitle:
		case s.State == model.StepRunning:
			out.Mend = "Some files may be restored and others not: restore again. A safety snapshot that was taken is among the snapshots, as “Before a restore”."
		case s.State == model.StepDone:
			out.Message = "The restore had succeeded and stays; Keepstead or this machine went down right after."
			out.Mend = "Nothing needs to be done. What was stopped is started again within minutes."
		}
	}
}

// resume queues each backup again whose newest run was cut off, by a crash or by a stop of Keepstead: a restart in the
// night must not cost that night.
func (m *Manager) resume(ctx context.Context) error {
	covered, err := m.Store.Coverages(ctx)
	if err != nil {
		return err
	}
	for _, c := range covered {
		if c.LastState != model.JobInterrupted || c.RunningJobID != uuid.Nil {
			continue
		}
		job, err := m.Store.Job(ctx, c.LastJobID)
		if err == nil {
			_, err = m.again(ctx, job, model.TriggerRecovery)
		}
		if err != nil {
			m.logger.Warn("queue an interrupted backup again", "job", c.LastJobID, "error", err)
		}
	}
	return nil
}

func (m *Manager) enqueueSync(ctx context.Context, destination uuid.UUID) error {
	if destination == uuid.Nil {
		return nil
	}
	_, err := m.create(ctx, nil, model.Job{Kind: model.JobSync, Trigger: model.TriggerRecovery, DestinationID: destination})
	return err
}

// interruptedSnapshot closes the snapshot row that an interrupted backup had opened.
func (m *Manager) interruptedSnapshot(ctx context.Context, job model.Job, message string) *model.Snapshot {
	s, err := m.Store.Snapshot(ctx, job.SnapshotID)
	if err != nil {
		return nil
	}
	return failedSnapshot(s, message, m.now())
}

// clearFolders removes what runs of an earlier Keepstead left on disk; no run is at work yet.
func (m *Manager) clearFolders() {
	for _, name := range []string{"runs", "staging"} {
		dir := filepath.Join(m.Dir, name)
		entries, err := os.ReadDir(dir)
		if err != nil {
			m.logger.Warn("read a folder of old runs", "folder", dir, "error", err)
			continue
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				m.logger.Warn("remove an old run", "error", err)
			}
		}
	}
}

// settleDestinations finishes or forgets destinations whose creation was cut off between their row and their
// repository. It asks the storage in the background, so that a slow one does not hold up the start.
func (m *Manager) settleDestinations(ctx context.Context) error {
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.RepoInitialized {
			continue
		}
		m.loops.Add(1)
		go func() {
			defer m.loops.Done()
			m.adding.Lock()
			defer m.adding.Unlock()
			ctx, cancel := context.WithTimeout(m.base, quickLimit) // others wait to add a destination
			defer cancel()
			if err := m.settleOne(ctx, d); err != nil {
				m.logger.Warn("settle a half-made destination", "destination", d.Name, "error", err)
			}
		}()
	}
	return nil
}

func (m *Manager) settleOne(ctx context.Context, d model.Destination) error {
	o, err := m.openHere(ctx, d)
	if err != nil {
		return err
	}
	defer m.endQuick(o)
	err = m.pin(ctx, &o)
	if errors.Is(err, restic.ErrNoRepo) || errors.Is(err, model.ErrNotFound) {
		return m.Store.DeleteDestination(ctx, d.ID)
	}
	if err != nil {
		return err
	}
	return m.finishDestination(ctx, o.destination)
}
