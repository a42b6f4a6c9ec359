package jobs

import (
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// showEvery is the least time between two progress events of one job.
const showEvery = 200 * time.Millisecond

// report takes what restic says of its progress and tells the pages a few times a second.
func (r *run) report(p model.Progress) {
	now := time.Now()
	p.JobID, p.At = r.job.ID, now.UTC()
	r.mu.Lock()
	if p.Phase != r.last.Phase || p.BytesDone != r.last.BytesDone || p.FilesDone != r.last.FilesDone {
		r.moved.Store(now.Unix())
	}
	r.last = p
	r.progress[r.job.ID] = p
	show := now.Sub(r.shown) >= showEvery
	if show {
		r.shown = now
	}
	r.mu.Unlock()
	if show {
		r.Hub.Publish(model.Event{
			Kind: model.EventProgress, ID: r.job.ID, JobKind: r.job.Kind, AppID: r.job.AppID, DestinationID: r.job.DestinationID,
		})
	}
}

// phase says which step a job has come to, before restic itself reports.
func (r *run) phase(name, line string) {
	r.log.printf("%s", line)
	r.moved.Store(time.Now().Unix())
	r.report(model.Progress{Phase: name})
}

// Progress returns how far a running job is; false when it does not run.
func (m *Manager) Progress(id uuid.UUID) (model.Progress, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.progress[id]
	return p, ok
}
