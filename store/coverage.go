package store

import (
	"context"

	"github.com/google/uuid"

	"keepstead/model"
)

// coverages finds the newest rows of each pair in the table coverage, which triggers keep (see the schema), and what is
// open in an index of its own: nothing here grows with the history.
const coverages = `SELECT c.id AS configuration_id, pd.destination_id,
	g.id AS last_good_id, g.started_at AS last_good_at, coalesce(g.total_size, 0) AS last_good_size,
	l.id AS last_job_id, coalesce(l.state, '') AS last_state, coalesce(l.message, '') AS last_message, l.finished_at AS last_at,
	(SELECT j.id FROM jobs AS j INDEXED BY jobs_open WHERE j.configuration_id = c.id AND j.destination_id = pd.destination_id
		AND j.state IN ('queued', 'running') AND j.kind = 'backup' ORDER BY j.id LIMIT 1) AS running_job_id
FROM configurations AS c
JOIN policy_destinations AS pd ON pd.policy_id = c.policy_id
LEFT JOIN coverage AS v ON v.configuration_id = c.id AND v.destination_id = pd.destination_id
LEFT JOIN snapshots AS g ON g.id = v.last_good_id
LEFT JOIN jobs AS l ON l.id = v.last_job_id`

// Coverages says what each destination of its policy holds of a configuration and how the newest backup there went;
// uuid.Nil asks for all configurations. The order is that of the configurations and, within one, of its policy.
func (s *Store) Coverages(ctx context.Context, configurationID uuid.UUID) ([]model.Coverage, error) {
	out := []model.Coverage{}
	const order = " ORDER BY c.id, pd.position"
	var err error
	if configurationID == uuid.Nil {
		err = s.r.NewRaw(coverages+order).Scan(ctx, &out)
	} else {
		err = s.r.NewRaw(coverages+" WHERE c.id = ?"+order, configurationID).Scan(ctx, &out)
	}
	return out, fail("read what is covered", err)
}
