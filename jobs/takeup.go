package jobs

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
)

// takeUpLimit bounds the look for what a cut run uploaded. All that is lost by giving it up is that it is sent again.
const takeUpLimit = 10 * time.Minute

// takeUp makes what the last run of this backup uploaded count, where that run was cut off. restic names what it has
// uploaded only every ten minutes and at the end; what it did not come to name the next run would send again, and the
// next prune throw away. It is done from this machine, since a device may change no index.
func (r *run) takeUp(ctx context.Context, d model.Destination) {
	if r.job.Kind != model.JobBackup {
		return
	}
	last, cut := r.cutBefore(ctx)
	if !cut {
		return
	}
	if !r.on.here() { // it may not have noticed yet that nobody waits for it any more
		if err := device.InterruptOn(ctx, r.on.host, processOf(last), buryGrace); err != nil {
			r.log.printf("Whether the last run has ended there is not known: %v", err)
		}
	}
	alone := r.sharing(d.ID)
	if !alone.TryLock() {
		r.log.printf("The last run was cut off; others use the repository now, so what it uploaded is not looked for.")
		return
	}
	defer alone.Unlock()
	r.phase("checking", "The last run was cut off: looking for what it uploaded.")
	ctx, cancel := context.WithTimeout(ctx, takeUpLimit)
	defer cancel()
	if err := r.nameUploads(ctx, d); err != nil {
		r.log.printf("What the last run uploaded may be sent again: %v", err)
	}
}

// cutBefore returns the last run of this backup where it had begun to upload and did not come to its end.
func (r *run) cutBefore(ctx context.Context) (model.Job, bool) {
	last, err := r.Store.Jobs(ctx, model.JobFilter{
		ConfigurationID: r.job.ConfigurationID, DestinationID: r.job.DestinationID, Kinds: []model.JobKind{model.JobBackup},
		States: []model.JobState{model.JobSuccess, model.JobPartial, model.JobFailed, model.JobCancelled, model.JobInterrupted},
		Page:   model.Page{Limit: 1},
	})
	if err != nil || len(last) == 0 || last[0].PID == 0 {
		return model.Job{}, false
	}
	return last[0], last[0].State != model.JobSuccess && last[0].State != model.JobPartial
}

func (r *run) nameUploads(ctx context.Context, d model.Destination) error {
	here, err := r.machine(ctx, uuid.Nil)
	if err != nil {
		return err
	}
	o, err := r.open(ctx, d, purpose{on: here, removes: true, runDir: filepath.Join(r.dir, "index"), log: r.log})
	if err != nil {
		return err
	}
	defer o.end()
	return o.repo.RepairIndex(ctx)
}

// sharing is read-locked by every run in a repository, so that one that needs it alone does not begin, and none begins
// meanwhile: restic's own lock would have the other fail.
func (m *Manager) sharing(destination uuid.UUID) *sync.RWMutex {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.shares[destination]
	if l == nil {
		l = &sync.RWMutex{}
		m.shares[destination] = l
	}
	return l
}
