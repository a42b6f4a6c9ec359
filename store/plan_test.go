package store

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// recorder keeps the text of the statements that a store runs.
type recorder struct{ queries *[]string }

func (recorder) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }
func (r recorder) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	*r.queries = append(*r.queries, e.Query)
}

// plans runs do and returns SQLite's plan of each statement on jobs, snapshots or samples that it ran.
func plans(t *testing.T, s *Store, do func(*Store)) string {
	t.Helper()
	var queries []string
	watched := *s
	watched.r, watched.w = s.r.WithQueryHook(recorder{&queries}), s.w.WithQueryHook(recorder{&queries})
	do(&watched)
	var out strings.Builder
	for _, q := range queries {
		if !strings.Contains(q, "jobs") && !strings.Contains(q, "snapshots") && !strings.Contains(q, "samples") {
			continue
		}
		rows, err := s.w.DB.Query("EXPLAIN QUERY PLAN " + q)
		check(t, err)
		for rows.Next() {
			var id, parent, unused int
			var detail string
			check(t, rows.Scan(&id, &parent, &unused, &detail))
			out.WriteString(detail + "\n")
		}
		check(t, rows.Err())
		check(t, rows.Close())
	}
	return out.String()
}

// TestPlans fails when a query that a page or a worker runs walks over a whole table or sorts what an index has in
// order. The lists without a filter walk an index from its end and stop after one page; the queue is an index that
// holds only what waits.
func TestPlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.runBackup(w.configuration, w.destination, model.JobSuccess)
	running, _ := w.running()
	job := w.queueBackup(must[model.Configuration](t)(w.AutomaticConfiguration(t.Context(), w.newApp("music").ID)), w.destination)
	page := model.Page{Limit: 50, Cursor: job.ID}
	snapPage := model.Page{Limit: 50, Cursor: job.SnapshotID}
	ctx := t.Context()
	// These indexes may be walked: with a limit from their end, or whole since they hold only what is open.
	stepped := []string{"jobs_queue", "jobs_running", "sqlite_autoindex_jobs_1", "snapshots_time"}
	large := []string{"jobs", "job", "j", "r", "o", "l", "snapshots", "snapshot", "s", "g", "p", "storage_samples"}
	for name, do := range map[string]func(*Store){
		"jobs":           func(s *Store) { _, _ = s.Jobs(ctx, model.JobFilter{Page: page}) },
		"jobs that tell": func(s *Store) { _, _ = s.Jobs(ctx, model.JobFilter{Telling: true, Page: page}) },
		"jobs that tell by destination": func(s *Store) {
			_, _ = s.Jobs(ctx, model.JobFilter{Telling: true, DestinationID: w.destination.ID, Page: page})
		},
		"jobs by kind": func(s *Store) {
			_, _ = s.Jobs(ctx, model.JobFilter{Kinds: []model.JobKind{model.JobPrune}, Page: page})
		},
		"jobs by states": func(s *Store) {
			_, _ = s.Jobs(ctx, model.JobFilter{States: []model.JobState{model.JobFailed, model.JobPartial}})
		},
		"jobs by kind, state": func(s *Store) {
			_, _ = s.Jobs(ctx, model.JobFilter{Kinds: []model.JobKind{model.JobBackup}, States: []model.JobState{model.JobFailed}})
		},
		"jobs by app, state": func(s *Store) {
			_, _ = s.Jobs(ctx, model.JobFilter{AppID: w.app.ID, States: []model.JobState{model.JobFailed}, Page: page})
		},
		"jobs by configuration": func(s *Store) {
			_, _ = s.Jobs(ctx, model.JobFilter{ConfigurationID: w.configuration.ID, AppID: w.app.ID})
		},
		"jobs by destination": func(s *Store) { _, _ = s.Jobs(ctx, model.JobFilter{DestinationID: w.destination.ID, Page: page}) },
		"jobs by snapshot":    func(s *Store) { _, _ = s.Jobs(ctx, model.JobFilter{SnapshotID: job.SnapshotID}) },
		"running jobs":        func(s *Store) { _, _ = s.RunningJobs(ctx) },
		"claim":               func(s *Store) { _, _ = s.ClaimJob(ctx, Limits{Total: 4, PerDestination: 2, Restores: 1}) },
		"counts":              func(s *Store) { _, _ = s.Counts(ctx) },
		"open jobs":           func(s *Store) { _, _ = s.OpenJobs(ctx) },
		"days":                func(s *Store) { _, _ = s.DailyOutcomes(ctx, now().AddDate(0, 0, -90), time.UTC) },
		"storage samples":     func(s *Store) { _, _ = s.StorageSamples(ctx, uuid.Nil, now().AddDate(0, 0, -90)) },
		"coverages":           func(s *Store) { _, _ = s.Coverages(ctx, none) },
		"snapshots":           func(s *Store) { _, _ = s.Snapshots(ctx, model.SnapshotFilter{Page: snapPage}) },
		"snapshots by app": func(s *Store) {
			_, _ = s.Snapshots(ctx, model.SnapshotFilter{AppID: w.app.ID, DestinationID: w.destination.ID, Status: model.SnapshotSuccess, Page: snapPage})
		},
		"snapshots by device": func(s *Store) {
			_, _ = s.CountSnapshots(ctx, model.SnapshotFilter{DeviceID: w.app.DeviceID, Status: model.SnapshotSuccess})
		},
		"snapshots by configuration": func(s *Store) { _, _ = s.Snapshots(ctx, model.SnapshotFilter{ConfigurationID: w.configuration.ID}) },
		"snapshots by destination": func(s *Store) {
			_, _ = s.Snapshots(ctx, model.SnapshotFilter{DestinationID: w.destination.ID, From: now().AddDate(-1, 0, 0)})
		},
		"snapshots by status": func(s *Store) { _, _ = s.Snapshots(ctx, model.SnapshotFilter{Status: model.SnapshotPartial}) },
		"snapshots by time": func(s *Store) {
			_, _ = s.Snapshots(ctx, model.SnapshotFilter{From: now().AddDate(-1, 0, 0), To: now()})
		},
		"last good snapshot": func(s *Store) { _, _ = s.LastGoodSnapshot(ctx, w.configuration.ID, w.destination.ID) },
		"queue a job": func(s *Store) {
			j, snap := backup(w.configuration, w.destination)
			_, _ = s.CreateJobs(ctx, []model.Job{j}, []model.Snapshot{snap})
		},
		"finish": func(s *Store) {
			snap := finished(must[model.Snapshot](t)(w.Snapshot(ctx, running.SnapshotID)), model.SnapshotSuccess)
			check(t, s.FinishJob(ctx, running.ID, Outcome{State: model.JobSuccess, Snapshot: &snap, Removed: []uuid.UUID{none}, Imported: []model.Snapshot{snap}},
				model.Job{Kind: model.JobForget, ConfigurationID: running.ConfigurationID, DestinationID: running.DestinationID}))
		},
		"forgotten snapshots": func(s *Store) { _ = s.DeleteSnapshots(ctx, []uuid.UUID{none}) },
		"cancel":              func(s *Store) { _ = s.CancelQueuedJob(ctx, job.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			plan := plans(t, w.Store, do)
			t.Log("\n" + plan)
			if plan == "" {
				t.Error("no statement was seen")
			}
			for line := range strings.Lines(plan) {
				table, index, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "SCAN "), " USING ")
				scans := strings.HasPrefix(line, "SCAN ") && slices.Contains(large, table)
				walks := false
				for _, name := range stepped {
					walks = walks || strings.HasSuffix(index, name)
				}
				// A destination has half of all rows: it bounds a list, which stops after a page, and the count of its
				// snapshots, but nothing that a worker asks for one job.
				wide := strings.HasSuffix(strings.TrimSpace(line), "(destination_id=?)") && strings.HasPrefix(line, "SEARCH")
				if wide && !strings.Contains(line, "jobs_running") && !strings.Contains(line, "jobs_waiting") &&
					!strings.Contains(line, "COVERING") {
					t.Errorf("walks over all rows of a destination: %s", line)
				}
				if scans && !walks {
					t.Errorf("walks over a whole table: %s", line)
				}
			}
		})
	}
}
