package store

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Limits bound how many jobs run at once; zero does not bound.
type Limits struct {
	Total          int // all but restores and indexes
	PerDestination int // at one destination, all but restores and indexes
	PerDevice      int // backups on one machine over SSH that has no number of its own
	Restores       int // restores, which wait for none of the others
	// One index runs beside all of these.
}

// claim takes the next job that may start: restores first, then the oldest. A job waits
//   - while one that needs its repository alone runs there, or beside any other if it needs that itself;
//   - while a backup of the same configuration runs there;
//   - while the limits are reached, that of its device included;
//   - while it would only wait for the app's containers, which another batch or a restore holds;
//   - while anything else waits for its destination, if it is an index: that has a place of its own, and holds nobody up;
//   - so that neither sort starves the other, behind older queued jobs of the other sort: one that needs the repository
//     alone behind all of them, another only behind one that has waited past patience, so that a backup of many hours
//     does not hold all others up by way of a waiting prune.
//
// A restore overtakes the queue but not what runs. The indexes are named because they hold only what waits and what runs;
// SQLite would else walk the whole history of a destination.
const claim = `UPDATE jobs SET state = 'running', started_at = ?0 WHERE id = (
	SELECT j.id FROM jobs AS j INDEXED BY jobs_queue
	WHERE j.state = 'queued'
	AND CASE WHEN j.kind = 'restore'
		THEN (SELECT count(*) FROM jobs AS r INDEXED BY jobs_running WHERE r.state = 'running' AND r.kind = 'restore') < ?1
		WHEN j.kind = 'index'
		THEN NOT EXISTS (SELECT 1 FROM jobs AS r INDEXED BY jobs_running WHERE r.state = 'running' AND r.kind = 'index')
		AND NOT EXISTS (SELECT 1 FROM jobs AS o INDEXED BY jobs_waiting WHERE o.state = 'queued'
			AND o.destination_id = j.destination_id AND o.kind <> 'index')
		ELSE (SELECT count(*) FROM jobs AS r INDEXED BY jobs_running
			WHERE r.state = 'running' AND r.kind NOT IN ('restore', 'index')) < ?2
		AND (SELECT count(*) FROM jobs AS r INDEXED BY jobs_running WHERE r.state = 'running' AND r.kind NOT IN ('restore', 'index')
			AND r.destination_id = j.destination_id) < ?3 END
	AND NOT EXISTS (SELECT 1 FROM jobs AS r INDEXED BY jobs_running
		WHERE r.state = 'running' AND r.destination_id = j.destination_id
		AND (r.kind IN (?4) OR j.kind IN (?4)
			OR r.kind = 'backup' AND j.kind = 'backup' AND r.configuration_id = j.configuration_id))
	AND (j.kind <> 'backup' OR
		(SELECT count(*) FROM jobs AS r INDEXED BY jobs_running WHERE r.state = 'running' AND r.kind = 'backup'
			AND r.device_id = j.device_id) < coalesce((SELECT CASE WHEN d.parallel > 0 THEN d.parallel WHEN d.kind = 'ssh' THEN ?6 END
			FROM devices AS d WHERE d.id = j.device_id), ?7))
	AND NOT (j.kind = 'backup'
		AND EXISTS (SELECT 1 FROM jobs AS r INDEXED BY jobs_running
			WHERE r.state = 'running' AND r.app_id = j.app_id
			AND (r.kind = 'restore' OR r.kind = 'backup' AND (j.batch IS NULL OR r.batch IS NOT j.batch)))
		AND EXISTS (SELECT 1 FROM apps AS a WHERE a.id = j.app_id AND a.kind IN ('compose', 'container')))
	AND (j.kind IN ('restore', 'index') OR NOT EXISTS (SELECT 1 FROM jobs AS o INDEXED BY jobs_waiting
		WHERE o.state = 'queued' AND o.destination_id = j.destination_id AND o.id < j.id AND o.kind <> 'index'
		AND (o.kind IN (?4)) <> (j.kind IN (?4))
		AND (j.kind IN (?4) OR o.created_at < ?5)))
	ORDER BY j.kind <> 'restore', j.id LIMIT 1)
RETURNING id`

// ClaimJob marks the next job that may start as running and returns it, or model.ErrNotFound when there is none now.
func (s *Store) ClaimJob(ctx context.Context, l Limits) (job model.Job, err error) {
	err = s.write(ctx, "claim a job", func(ctx context.Context, tx bun.Tx) error {
		var id uuid.UUID
		if err := tx.NewRaw(claim, claimArgs(l)...).Scan(ctx, &id); err != nil {
			return err
		}
		return tx.NewSelect().Model(&job).Where("id = ?", id).Scan(ctx)
	})
	return job, err
}

// patience is how long a job that needs its repository alone waits for a quiet moment before it holds newer ones back.
const patience = 6 * time.Hour

// claimArgs are the arguments of claim: now, then the three limits, the kinds that need a repository alone, and the time
// before which such a job was queued when it holds newer ones back; the limit for a device, and no limit.
func claimArgs(l Limits) []any {
	limit := func(n int) int {
		if n <= 0 {
			return math.MaxInt32
		}
		return n
	}
	at := now()
	return []any{
		at, limit(l.Restores), limit(l.Total), limit(l.PerDestination), bun.List(model.ExclusiveKinds()), at.Add(-patience),
		limit(l.PerDevice), math.MaxInt32,
	}
}
