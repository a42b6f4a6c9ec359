package jobs

import (
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// showEvery is the least time between two progress events of one job.
const showEvery = 200 * time.Millisecond

// report takes what restic says of its progress, adds the rate, and tells the pages a few times a second.
func (r *run) report(p model.Progress) {
	now := time.Now()
	p.JobID, p.At = r.job.ID, now.UTC()
	r.mu.Lock()
	if p.Phase != r.last.Phase || p.BytesDone != r.last.BytesDone || p.FilesDone != r.last.FilesDone {
		r.moved.Store(now.Unix())
	}
	if r.last.At.IsZero() || p.Phase != r.last.Phase {
		p.Rate = 0
	} else {
		p.Rate = rate(r.last, p)
	}
	if p.Remaining == 0 && p.Rate > 0 && p.TotalBytes > p.BytesDone {
		p.Remaining = time.Duration(float64(p.TotalBytes-p.BytesDone) / p.Rate * float64(time.Second)).Round(time.Second)
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

// rate smooths the bytes a second over the last few reports.
func rate(before, after model.Progress) float64 {
	seconds := after.At.Sub(before.At).Seconds()
	if seconds <= 0 {
		return before.Rate
	}
	now := max(0, float64(after.BytesDone-before.BytesDone)/seconds)
	weight := min(1, seconds/4)
	return before.Rate*(1-weight) + now*weight
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
