package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// clockSlack is how far in the future a snapshot may lie before retention refuses to judge by its date.
const clockSlack = time.Hour

// forget removes what the retention of one configuration lets go in one destination, or exactly one snapshot.
func (r *run) forget(ctx context.Context) finish {
	o, err := r.openRun(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	var done finish
	if r.job.SnapshotID != uuid.Nil {
		done, err = r.forgetOne(ctx, o)
	} else {
		done, err = r.forgetByPolicy(ctx, o)
	}
	if err != nil {
		return r.failed(ctx, err)
	}
	return done
}

// forgetOne removes the snapshot that a person pointed at.
func (r *run) forgetOne(ctx context.Context, o opened) (finish, error) {
	row, err := r.Store.Snapshot(ctx, r.job.SnapshotID)
	if errors.Is(err, model.ErrNotFound) { // retention was faster
		return finish{Outcome: store.Outcome{State: model.JobSuccess, Message: "The snapshot was gone already."}}, nil
	}
	if err != nil {
		return finish{}, err
	}
	if row.ResticSnapshotID != "" {
		r.phase("forgetting", "Removing snapshot "+row.ResticSnapshotID[:8]+".")
		if err := r.command(o).Forget(ctx, []string{row.ResticSnapshotID}); err != nil {
			return finish{}, err
		}
	}
	return finish{Outcome: store.Outcome{
		State: model.JobSuccess, Removed: []uuid.UUID{row.ID}, Result: &model.Result{Removed: 1},
	}}, nil
}

// forgetByPolicy lists what the repository really holds for the configuration, decides by our own rule, in which a
// partial snapshot never pushes out a full one, and forgets by id. What this database did not know is taken over and
// kept this time: an old database never deletes newer data.
func (r *run) forgetByPolicy(ctx context.Context, o opened) (finish, error) {
	p, err := r.plan(ctx, r.job.ConfigurationID)
	if err != nil {
		return finish{}, err
	}
	if p.configuration.FrozenAt != nil {
		return finish{Outcome: store.Outcome{
			State: model.JobSuccess, Cause: model.CauseFrozen,
			Message: "Nothing was removed: retention is held back. " + p.configuration.FrozenReason,
		}}, nil
	}
	cron, err := p.policy.Cron()
	if err != nil {
		return finish{}, err
	}
	r.phase("forgetting", "Listing snapshots.")
	// All of them: those that were adopted from elsewhere lack the tag. Retention leaves them alone, but they are there.
	all, err := r.command(o).Snapshots(ctx, restic.SnapshotFilter{})
	if err != nil {
		return finish{}, err
	}
	known, err := r.allSnapshots(ctx, model.SnapshotFilter{ConfigurationID: p.configuration.ID, DestinationID: o.destination.ID})
	if err != nil {
		return finish{}, err
	}
	v := r.verdict(p.configuration, p.configuration.Keep(p.policy), cron.Zone(), all, known)
	if v.future != "" {
		return finish{}, fail(model.CauseInternal, "Set the clock of the machine that made it, then remove that snapshot by hand.",
			"Snapshot %.8s is dated in the future; nothing was removed.", v.future)
	}
	if len(v.remove) > 0 {
		r.log.printf("Removing %d of %d snapshots; keeping %s.", len(v.remove), v.judged, p.configuration.Keep(p.policy).Words())
		if err := r.command(o).Forget(ctx, v.remove); err != nil {
			return finish{}, err
		}
	}
	imported, err := r.fromRepository(ctx, o, v.unknown)
	if err != nil {
		return finish{}, err
	}
	return finish{Outcome: store.Outcome{
		State: model.JobSuccess, Removed: v.rows, Imported: imported,
		Result: &model.Result{Kept: v.judged - len(v.remove), Removed: len(v.remove), Imported: len(imported)},
	}}, nil
}

// verdict is what retention makes of a configuration's snapshots.
type verdict struct {
	remove  []string          // restic ids to forget
	rows    []uuid.UUID       // rows whose snapshots are gone, or will be
	unknown []restic.Snapshot // in the repository, but not in this database
	future  string            // a snapshot dated in the future
	judged  int               // how many snapshots in the repository are the configuration's
}

// verdict judges the snapshots that carry the configuration's tag; all is what the repository holds, known the rows of
// the configuration there.
func (r *run) verdict(c model.Configuration, keep model.Retention, zone *time.Location, all []restic.Snapshot, known []model.Snapshot) verdict {
	rows := map[string]model.Snapshot{}
	for _, s := range known {
		if s.ResticSnapshotID != "" {
			rows[s.ResticSnapshotID] = s
		}
	}
	var v verdict
	var judged []model.Snapshot
	present := map[string]bool{}
	for _, s := range all {
		present[s.ID] = true
		if !slices.Contains(s.Tags, tagConfig(c.ID)) {
			continue
		}
		v.judged++
		row, ok := rows[s.ID]
		switch {
		case s.Time.After(r.now().Add(clockSlack)):
			v.future = s.ID
		case !ok:
			v.unknown = append(v.unknown, s)
		default:
			row.StartedAt = s.Time // the repository's own word
			judged = append(judged, row)
		}
	}
	for _, d := range keep.Judge(judged, zone) {
		if !d.Keep {
			v.remove = append(v.remove, d.ID)
		}
	}
	for id, row := range rows {
		if !present[id] && row.CompletedAt != nil || slices.Contains(v.remove, id) {
			v.rows = append(v.rows, row.ID)
		}
	}
	return v
}

// allSnapshots walks every page of a list.
func (m *Manager) allSnapshots(ctx context.Context, f model.SnapshotFilter) ([]model.Snapshot, error) {
	var all []model.Snapshot
	for f.Limit = model.MaxPage; ; {
		page, err := m.Store.Snapshots(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < model.MaxPage {
			return all, nil
		}
		f.Cursor = page[len(page)-1].ID
	}
}
