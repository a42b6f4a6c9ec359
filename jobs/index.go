package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"keepstead/index"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// Bounds of one index job: a repository is not kept from its prune for longer, and pages hear of it now and then.
const (
	indexSlice  = 5 * time.Minute
	indexReport = 5000 // entries
	indexMisses = 3    // snapshots that cannot be read: then something is wrong with all of them
)

// index reads the trees of a destination's snapshots that are not in the index, newest first, and takes out what is gone.
// It holds no lock. When something else waits for the destination it ends, and goes on afterwards.
func (r *run) index(ctx context.Context) finish {
	if r.Index == nil {
		return r.failed(ctx, fail(model.CauseInternal, "Start Keepstead with an index of files.", "There is no index of files."))
	}
	todo, err := r.unindexed(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	done, rest, err := r.indexAll(ctx, todo)
	if err == nil {
		err = r.fitIndex(ctx)
	}
	if err != nil {
		return r.failed(ctx, err)
	}
	out := finish{Outcome: store.Outcome{State: model.JobSuccess, Result: &model.Result{Indexed: done}}}
	if rest {
		out.follow = append(out.follow, indexJob(r.job.DestinationID))
	}
	return out
}

// unindexed lists the snapshots to index, newest first. Those that had no room are left out.
func (r *run) unindexed(ctx context.Context) ([]model.Snapshot, error) {
	if r.job.SnapshotID != uuid.Nil {
		s, err := r.Store.Snapshot(ctx, r.job.SnapshotID)
		if errors.Is(err, model.ErrNotFound) {
			return nil, nil
		}
		return []model.Snapshot{s}, err
	}
	missing, err := r.unindexedAt(ctx, r.job.DestinationID)
	if err != nil {
		return nil, err
	}
	var out []model.Snapshot
	f := model.SnapshotFilter{DestinationID: r.job.DestinationID, Page: model.Page{Limit: model.MaxPage}}
	for len(missing) > 0 {
		page, err := r.Store.Snapshots(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, s := range page {
			if wants, err := r.Index.Wants(ctx, s.StartedAt); err != nil || !wants {
				return out, err
			}
			if missing[s.ID] && s.Restorable() {
				out = append(out, s)
			}
			delete(missing, s.ID)
		}
		if len(page) < model.MaxPage {
			break
		}
		f.Cursor = page[len(page)-1].ID
	}
	return out, nil
}

// unindexedAt finds the snapshots of a destination that are not in the index.
func (m *Manager) unindexedAt(ctx context.Context, destination uuid.UUID) (map[uuid.UUID]bool, error) {
	there, err := m.Store.SnapshotsByRestic(ctx, destination)
	if err != nil {
		return nil, err
	}
	have, err := m.Index.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID]bool{}
	for _, id := range there {
		if !have[id] {
			out[id] = true
		}
	}
	return out, nil
}

// indexAll indexes one snapshot after the other and returns how many it did; rest says that it ended before the last.
// One that cannot be read does not keep the others from being indexed.
func (r *run) indexAll(ctx context.Context, todo []model.Snapshot) (done int, rest bool, err error) {
	if len(todo) == 0 {
		return 0, false, nil
	}
	o, err := r.openRun(ctx)
	if err != nil {
		return 0, false, err
	}
	began, misses := time.Now(), 0
	for i, s := range todo {
		if i > 0 {
			waits, err := r.othersWait(ctx)
			if err != nil || waits || time.Since(began) > indexSlice {
				return done, true, err
			}
		}
		r.phase("indexing", fmt.Sprintf("Reading the files of snapshot %.8s of %s.", s.ResticSnapshotID, s.StartedAt.Format(time.DateTime)))
		failed := r.indexOne(ctx, o, s)
		switch {
		case failed == nil:
			done++
			continue
		case errors.Is(failed, index.ErrNoRoom) && r.job.SnapshotID == uuid.Nil:
			r.log.printf("The index is full (%s); older snapshots are not indexed.", size(r.Index.Limit()))
			return done, false, nil
		case errors.Is(failed, index.ErrNoRoom):
			failed = fail(model.CauseInternal, "Give the index more room with --index-size, or open the snapshot's folders one by one.",
				"The index of files has no room for this snapshot.")
		}
		if err = failed; ctx.Err() != nil || errors.Is(err, restic.ErrUnreachable) {
			return done, false, err
		}
		r.log.printf("%v", err)
		if misses++; misses >= indexMisses {
			break
		}
	}
	return done, false, err
}

// indexOne indexes a snapshot. One that went meanwhile is no failure.
func (r *run) indexOne(ctx context.Context, o opened, s model.Snapshot) error {
	count := 0
	err := r.Index.Add(ctx, index.Snapshot{
		ID: s.ID, App: s.AppID, Configuration: s.ConfigurationID, Started: s.StartedAt,
	}, func(ctx context.Context, each func(model.Node) error) error {
		return r.command(o).Ls(ctx, s.ResticSnapshotID, "/", true, func(n model.Node) error {
			if count++; count%indexReport == 0 {
				r.report(model.Progress{Phase: "indexing", FilesDone: count, TotalFiles: max(count, s.TotalFiles)})
			}
			return each(n)
		})
	})
	if err != nil && ctx.Err() == nil {
		if _, gone := r.Store.Snapshot(ctx, s.ID); errors.Is(gone, model.ErrNotFound) {
			return nil
		}
		return err
	}
	if err != nil {
		return err
	}
	if _, err := r.Store.Snapshot(ctx, s.ID); errors.Is(err, model.ErrNotFound) {
		return r.Index.Drop(ctx, s.ID)
	}
	r.publish(model.EventSnapshot, s.ID)
	return nil
}

// fitIndex takes away what no snapshot uses, and the oldest snapshots where there is not room for all.
func (r *run) fitIndex(ctx context.Context) error {
	if err := r.Index.Sweep(ctx); err != nil {
		return err
	}
	dropped, err := r.Index.Fit(ctx)
	if dropped > 0 {
		r.log.printf("The index was larger than %s: the %d oldest snapshots are not in it any more.", size(r.Index.Limit()), dropped)
	}
	return err
}

// othersWait says that a job of another kind is queued at the run's destination.
func (r *run) othersWait(ctx context.Context) (bool, error) {
	queued, err := r.Store.Jobs(ctx, model.JobFilter{DestinationID: r.job.DestinationID, States: []model.JobState{model.JobQueued}})
	for _, j := range queued {
		if j.Kind != model.JobIndex {
			return true, err
		}
	}
	return false, err
}

// indexJob is the work of indexing what a destination holds.
func indexJob(destination uuid.UUID) model.Job {
	return model.Job{Kind: model.JobIndex, State: model.JobQueued, Trigger: model.TriggerFollowUp, DestinationID: destination}
}

// indexAfter returns the work that follows for the index from a job that changed what a destination holds.
func (r *run) indexAfter(done finish) []model.Job {
	if r.Index == nil || r.job.Kind == model.JobIndex {
		return nil
	}
	saved := done.Snapshot != nil && done.Snapshot.Restorable()
	found := len(done.Imported) > 0 || done.Result != nil && done.Result.Imported > 0
	if !saved && !found {
		return nil
	}
	return []model.Job{indexJob(r.job.DestinationID)}
}

// unindex takes snapshots out of the index that are gone from their repository.
func (m *Manager) unindex(ctx context.Context, ids []uuid.UUID) {
	if m.Index == nil {
		return
	}
	if err := m.Index.Drop(context.WithoutCancel(ctx), ids...); err != nil {
		m.logger.Warn("take snapshots out of the index", "error", err)
	}
}

// settleIndex brings the index in line with the database: what is gone goes, and what is missing is queued.
func (m *Manager) settleIndex(ctx context.Context) error {
	if m.Index == nil {
		return nil
	}
	have, err := m.Index.Snapshots(ctx)
	if err != nil {
		return err
	}
	destinations, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	var queue []model.Job
	for _, d := range destinations {
		there, err := m.Store.SnapshotsByRestic(ctx, d.ID)
		if err != nil {
			return err
		}
		missing := false
		for _, id := range there {
			missing = missing || !have[id]
			delete(have, id)
		}
		if missing && d.Enabled && d.RepoInitialized {
			queue = append(queue, indexJob(d.ID))
		}
	}
	var gone []uuid.UUID
	for id := range have {
		gone = append(gone, id)
	}
	if err := m.Index.Drop(ctx, gone...); err != nil {
		return err
	}
	_, err = m.create(ctx, nil, queue...)
	return err
}

// settleIndexLater does so without holding up the start.
func (m *Manager) settleIndexLater() {
	m.loops.Add(1)
	go func() {
		defer m.loops.Done()
		if err := m.settleIndex(m.base); err != nil && m.base.Err() == nil {
			m.logger.Warn("bring the index of files up to date", "error", err)
		}
	}()
}
