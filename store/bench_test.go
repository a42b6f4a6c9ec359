package store

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// The history of a large homelab: 500 apps at two destinations, backed up a hundred times.
const (
	bigApps = 500
	bigRuns = 100
)

// fillHistory writes bigApps configurations, and bigRuns jobs and snapshots for each at both destinations.
func fillHistory(t testing.TB, w *world) {
	t.Helper()
	ctx := t.Context()
	second := w.newDestination("second")
	p := w.policy
	p.DestinationIDs = []uuid.UUID{w.destination.ID, second.ID}
	must[model.Policy](t)(w.UpdatePolicy(ctx, p, time.Time{}))
	for i := range bigApps {
		w.newApp(fmt.Sprintf("app %03d", i))
	}
	text, counts := must[[]byte](t)(json.Marshal(found(now()))), must[[]byte](t)(json.Marshal(found(now()).Counts()))
	_, err := w.w.ExecContext(ctx, "UPDATE apps SET found = ?, counts = ? WHERE name LIKE 'app %'", string(text), string(counts))
	check(t, err)
	// Ids like UUIDv7: the time in front, so that they grow with it.
	const rows = `WITH RECURSIVE run (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM run WHERE n < ?0 - 1),
		row (n, conf, app, dest, id, at) AS (
			SELECT run.n, c.id, c.app_id, pd.destination_id,
				printf('%08x-%04x-7%03x-8%03x-%012x', 26214400 - (?0 - run.n) * 8, run.n % 65536, c.rowid % 4096, pd.position, abs(random()) % 281474976710656),
				strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', printf('-%d hours', (?0 - run.n) * 21))
			FROM run, configurations AS c JOIN policy_destinations AS pd ON pd.policy_id = c.policy_id) `
	const message = "3 files could not be read"
	for _, statement := range []string{
		`INSERT INTO snapshots SELECT id, conf, dest, app, lower(hex(randomblob(32))), 'keepstead-01234567', '["/srv/app"]',
			CASE n % 50 WHEN 7 THEN 'partial' ELSE 'success' END, 1, 2, 3000, 3003, 1000, 500, 5000000, 12, '', '[]', 0, at, at, at, 0 FROM row`,
		`INSERT INTO jobs SELECT id, 'backup', CASE n % 50 WHEN 7 THEN 'partial' WHEN 9 THEN 'failed' ELSE 'success' END, 'schedule',
			conf, dest, id, app, NULL, at, NULL, '{"files":3003}', NULL, '', '` + message + `', '', 77, 88, 'boot', 'host', at, at, at, NULL, NULL FROM row`,
		`UPDATE jobs SET state = state`, // the trigger that an ending job fires
	} {
		if !strings.HasPrefix(statement, "UPDATE") {
			statement = rows + statement
		}
		_, err := w.w.NewRaw(statement, bigRuns).Exec(ctx)
		check(t, err)
	}
}

func big(b *testing.B) *world {
	b.Helper()
	w := newWorld(b)
	fillHistory(b, w)
	return w
}

// BenchmarkLarge times what pages and workers ask with 100,000 jobs and snapshots and 1,000 queued jobs.
func BenchmarkLarge(b *testing.B) {
	w := big(b)
	ctx := b.Context()
	confs := must[[]model.Configuration](b)(w.Configurations(ctx, ConfigurationFilter{}))
	var jobs []model.Job
	var snaps []model.Snapshot
	for _, c := range confs {
		j, snap := backup(c, w.destination)
		jobs, snaps = append(jobs, j), append(snaps, snap)
	}
	start := time.Now()
	must[[]model.Job](b)(w.CreateJobs(ctx, jobs, snaps))
	b.Logf("queued %d jobs in %v", len(jobs), time.Since(start).Round(time.Millisecond))
	zone, _ := time.LoadLocation("Europe/Berlin")
	second := must[[]model.Destination](b)(w.Destinations(ctx))[1]

	for name, do := range map[string]func() error{
		"Coverages":       func() error { _, err := w.Coverages(ctx); return err },
		"Coverage":        func() error { _, err := w.Coverages(ctx, w.configuration.ID); return err },
		"Counts":          func() error { _, err := w.Counts(ctx); return err },
		"Days90":          func() error { _, err := w.DailyOutcomes(ctx, now().AddDate(0, 0, -90), zone); return err },
		"Samples":         func() error { _, err := w.StorageSamples(ctx, uuid.Nil, now().AddDate(0, 0, -90)); return err },
		"Apps":            func() error { _, err := w.Apps(ctx); return err },
		"Counts of found": func() error { _, err := w.FoundCounts(ctx); return err },
		"Configs":         func() error { _, err := w.Configurations(ctx, ConfigurationFilter{}); return err },
		"Jobs":            func() error { _, err := w.Jobs(ctx, model.JobFilter{}); return err },
		"JobsFailed": func() error {
			_, err := w.Jobs(ctx, model.JobFilter{States: []model.JobState{model.JobFailed}})
			return err
		},
		"JobsPrune": func() error {
			_, err := w.Jobs(ctx, model.JobFilter{Kinds: []model.JobKind{model.JobPrune}})
			return err
		},
		"JobsApp": func() error { _, err := w.Jobs(ctx, model.JobFilter{AppID: w.app.ID}); return err },
		"JobsDestRare": func() error {
			_, err := w.Jobs(ctx, model.JobFilter{DestinationID: second.ID, Kinds: []model.JobKind{model.JobPrune}})
			return err
		},
		"Snapshots": func() error { _, err := w.Snapshots(ctx, model.SnapshotFilter{}); return err },
		"SnapsApp":  func() error { _, err := w.Snapshots(ctx, model.SnapshotFilter{AppID: w.app.ID}); return err },
		"SnapsDestRare": func() error {
			_, err := w.Snapshots(ctx, model.SnapshotFilter{DestinationID: second.ID, Status: model.SnapshotFailed})
			return err
		},
		"SnapsCount":    func() error { _, err := w.CountSnapshots(ctx, model.SnapshotFilter{}); return err },
		"SnapsByRestic": func() error { _, err := w.SnapshotsByRestic(ctx, second.ID); return err },
		"ClaimFinish": func() error {
			j, err := w.ClaimJob(ctx, Limits{Total: 4})
			if err != nil {
				return err
			}
			snap := finished(model.Snapshot{ID: j.SnapshotID, ConfigurationID: j.ConfigurationID, AppID: j.AppID, DestinationID: j.DestinationID, StartedAt: now()}, model.SnapshotSuccess)
			follow, next := backup(model.Configuration{ID: j.ConfigurationID, AppID: j.AppID}, w.destination)
			follow.SnapshotID, _ = uuid.Nil, next
			return w.FinishJob(ctx, j.ID, Outcome{State: model.JobSuccess, Snapshot: &snap}, follow)
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("Open", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(context.Background(), w.dir(), Options{}, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
