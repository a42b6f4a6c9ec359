package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// coverages finds the newest rows of each pair in the table coverage, which triggers keep (see the schema), and what is
// open in an index of its own: nothing here grows with the history. Only a pair whose backups ended without one full
// snapshot looks for its newest incomplete one.
const coverages = `SELECT c.id AS configuration_id, pd.destination_id,
	g.id AS last_good_id, g.started_at AS last_good_at, coalesce(g.total_size, 0) AS last_good_size,
	i.id AS partial_id, i.started_at AS partial_at, coalesce(i.total_size, 0) AS partial_size,
	l.id AS last_job_id, coalesce(l.state, '') AS last_state, coalesce(l.cause, '') AS last_cause,
	coalesce(l.message, '') AS last_message, coalesce(l.mend, '') AS last_mend, l.finished_at AS last_at,
	(SELECT j.id FROM jobs AS j INDEXED BY jobs_open WHERE j.configuration_id = c.id AND j.destination_id = pd.destination_id
		AND j.state IN ('queued', 'running') AND j.kind = 'backup' ORDER BY j.id LIMIT 1) AS running_job_id
FROM configurations AS c
JOIN policy_destinations AS pd ON pd.policy_id = c.policy_id
LEFT JOIN coverage AS v ON v.configuration_id = c.id AND v.destination_id = pd.destination_id
LEFT JOIN snapshots AS g ON g.id = v.last_good_id
LEFT JOIN snapshots AS i ON i.id = CASE WHEN v.last_good_id IS NULL AND v.last_job_id IS NOT NULL THEN
	(SELECT s.id FROM snapshots AS s INDEXED BY snapshots_configuration WHERE s.configuration_id = c.id
		AND s.destination_id = pd.destination_id AND s.status = 'partial' AND s.safety = 0
		AND s.restic_snapshot_id <> '' ORDER BY s.started_at DESC, s.id DESC LIMIT 1) END
LEFT JOIN jobs AS l ON l.id = v.last_job_id`

// Coverages says what each destination of its policy holds of the configurations, of all where none is named, and how
// the newest backup there went. The order is that of the configurations and, within one, of its policy.
func (s *Store) Coverages(ctx context.Context, configurations ...uuid.UUID) ([]model.Coverage, error) {
	const doing = "read what is covered"
	const order = " ORDER BY c.id, pd.position"
	query, args := coverages+order, []any{}
	if len(configurations) > 0 {
		query, args = coverages+" WHERE c.id IN (?)"+order, []any{bun.List(configurations)}
	}
	// Scanned by hand: there are thousands, and Bun's scanning costs more than the reading.
	rows, err := s.r.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fail(doing, err)
	}
	out := []model.Coverage{}
	for rows.Next() {
		c, err := scanCoverage(rows)
		if err != nil {
			return nil, fail(doing, errors.Join(err, rows.Close()))
		}
		out = append(out, c)
	}
	return out, fail(doing, errors.Join(rows.Err(), rows.Close()))
}

func scanCoverage(rows *sql.Rows) (c model.Coverage, err error) {
	var goodAt, partialAt, lastAt sql.NullString
	err = rows.Scan(&c.ConfigurationID, &c.DestinationID, &c.LastGoodID, &goodAt, &c.LastGoodSize, &c.PartialID, &partialAt, &c.PartialSize,
		&c.LastJobID, &c.LastState, &c.LastCause, &c.LastMessage, &c.LastMend, &lastAt, &c.RunningJobID)
	if err != nil {
		return c, err
	}
	c.LastGoodAt, err = optionalTime(goodAt)
	if err != nil {
		return c, err
	}
	c.PartialAt, err = optionalTime(partialAt)
	if err != nil {
		return c, err
	}
	c.LastAt, err = optionalTime(lastAt)
	return c, err
}

// optionalTime reads a time as the database keeps it, nil for none.
func optionalTime(text sql.NullString) (*time.Time, error) {
	if !text.Valid {
		return nil, nil //nolint:nilnil // there is none
	}
	at, err := time.Parse(time.RFC3339Nano, text.String)
	return &at, err
}
