package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Policies lists all policies, the default first, then by name.
func (s *Store) Policies(ctx context.Context) ([]model.Policy, error) {
	return policies(ctx, s.r, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("is_default DESC", "name", "id") })
}

// Policy returns one policy.
func (s *Store) Policy(ctx context.Context, id uuid.UUID) (model.Policy, error) {
	return onePolicy(ctx, s.r, "id = ?", id)
}

// DefaultPolicy returns the policy that new apps follow.
func (s *Store) DefaultPolicy(ctx context.Context) (model.Policy, error) {
	return onePolicy(ctx, s.r, "is_default")
}

func onePolicy(ctx context.Context, db bun.IDB, condition string, args ...any) (model.Policy, error) {
	found, err := policies(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where(condition, args...) })
	if err == nil && len(found) == 0 {
		err = model.ErrNotFound
	}
	if err != nil {
		return model.Policy{}, fail("read a policy", err)
	}
	return found[0], nil
}

// policyDestination joins a policy to one of its destinations; Position keeps the order given.
type policyDestination struct {
	PolicyID      uuid.UUID `bun:",pk"`
	DestinationID uuid.UUID `bun:",pk"`
	Position      int
}

func policies(ctx context.Context, db bun.IDB, choose func(*bun.SelectQuery) *bun.SelectQuery) ([]model.Policy, error) {
	found, err := all[model.Policy](ctx, db, "list policies", choose)
	if err != nil {
		return nil, err
	}
	joins, err := all[policyDestination](ctx, db, "list the destinations of policies", func(q *bun.SelectQuery) *bun.SelectQuery {
		if len(found) == 1 {
			q = q.Where("policy_id = ?", found[0].ID)
		}
		return q.Order("policy_id", "position")
	})
	byPolicy := map[uuid.UUID][]uuid.UUID{}
	for _, j := range joins {
		byPolicy[j.PolicyID] = append(byPolicy[j.PolicyID], j.DestinationID)
	}
	for i := range found {
		found[i].DestinationIDs = byPolicy[found[i].ID]
	}
	return found, err
}

// CreatePolicy adds a policy with its destinations. With IsDefault it takes the default over from the policy that was.
func (s *Store) CreatePolicy(ctx context.Context, p model.Policy) (model.Policy, error) {
	newID(&p.ID, model.NewID)
	stamp(&p.Stamps)
	return p, s.write(ctx, "create a policy", func(ctx context.Context, tx bun.Tx) error {
		row := p
		row.IsDefault = false
		if err := insert(ctx, tx, &row); err != nil {
			return policyRefused(p, err)
		}
		return settlePolicy(ctx, tx, p)
	})
}

// UpdatePolicy writes all fields of a policy but LastSlotAt. IsDefault can be given to a policy, not taken from it: the
// default moves when another policy gets it. Unless seen is zero, the policy must not have changed since then.
func (s *Store) UpdatePolicy(ctx context.Context, p model.Policy, seen time.Time) (model.Policy, error) {
	stamp(&p.Stamps)
	return p, s.write(ctx, "change a policy", func(ctx context.Context, tx bun.Tx) error {
		now, err := onePolicy(ctx, tx, "id = ?", p.ID)
		if err != nil {
			return err
		}
		if err := now.Unchanged(seen); err != nil {
			return err
		}
		if err := update(ctx, tx, &p, "is_default", "last_slot_at", "created_at"); err != nil {
			return policyRefused(p, err)
		}
		return settlePolicy(ctx, tx, p)
	})
}

func policyRefused(p model.Policy, err error) error {
	return taken(err, "name", "There is already a policy named “%s”.", p.Name)
}

// settlePolicy writes the destinations of a policy, and makes it the default where it says so.
func settlePolicy(ctx context.Context, tx bun.Tx, p model.Policy) error {
	if _, err := tx.NewRaw("DELETE FROM policy_destinations WHERE policy_id = ?", p.ID).Exec(ctx); err != nil {
		return err
	}
	for i, id := range p.DestinationIDs {
		if err := mustHave[model.Destination](ctx, tx, id, "removed_at IS NULL"); err != nil {
			return missing(err, "destination_ids", "There is no destination "+id.String()+".")
		}
		if err := insert(ctx, tx, &policyDestination{PolicyID: p.ID, DestinationID: id, Position: i}); err != nil {
			return err
		}
	}
	if p.IsDefault {
		return makeDefault(ctx, tx, p.ID)
	}
	return nil
}

// SetDefaultPolicy makes one policy the default instead of the one that was.
func (s *Store) SetDefaultPolicy(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "set the default policy", func(ctx context.Context, tx bun.Tx) error {
		return makeDefault(ctx, tx, id)
	})
}

func makeDefault(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	if _, err := tx.NewRaw("UPDATE policies SET is_default = 0 WHERE is_default AND id <> ?", id).Exec(ctx); err != nil {
		return err
	}
	return touched(tx.NewRaw("UPDATE policies SET is_default = 1 WHERE id = ?", id).Exec(ctx))
}

// SetLastSlot records the newest slot of the policy's schedule for which jobs were made.
func (s *Store) SetLastSlot(ctx context.Context, id uuid.UUID, slot time.Time) error {
	return s.write(ctx, "record a policy's slot", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("UPDATE policies SET last_slot_at = ? WHERE id = ?", slot, id).Exec(ctx))
	})
}

// PolicySnapshots lists what there is to forget under a policy: at most limit rows, one configuration after the other,
// each newest first but for failed ones, with only the fields that retention judges by. Of the last one the oldest may be missing.
func (s *Store) PolicySnapshots(ctx context.Context, policyID uuid.UUID, limit int) ([]model.Snapshot, error) {
	var out []model.Snapshot
	var configurations []struct{ ID, AppID uuid.UUID }
	const doing = "list the snapshots of a policy"
	if err := s.r.NewRaw("SELECT id, app_id FROM configurations WHERE policy_id = ? ORDER BY id", policyID).Scan(ctx, &configurations); err != nil {
		return nil, fail(doing, err)
	}
	for _, c := range configurations { // one after the other: all at once are sorted as a whole before the first is known
		if len(out) == limit {
			break
		}
		rows, err := s.judged(ctx, model.Snapshot{ConfigurationID: c.ID, AppID: c.AppID}, limit-len(out))
		if err != nil {
			return nil, fail(doing, err)
		}
		out = append(out, rows...)
	}
	return out, nil
}

// Snapshots as retention judges them. The good ones are read from an index alone; a failed one may hold nothing, which
// only its row says.
const (
	judgedGood = `SELECT destination_id, status, safety, started_at FROM snapshots
		WHERE configuration_id = ? AND status IN ('success', 'partial') ORDER BY started_at DESC, id DESC LIMIT ?`
	judgedFailed = `SELECT destination_id, status, safety, started_at FROM snapshots
		WHERE configuration_id = ? AND status = 'failed' AND restic_snapshot_id <> '' ORDER BY started_at DESC, id DESC LIMIT ?`
)

// judged lists the snapshots of a configuration, the good ones first and newest first; each is like one but for what
// retention judges by.
func (s *Store) judged(ctx context.Context, one model.Snapshot, limit int) ([]model.Snapshot, error) {
	good, err := s.judgedBy(ctx, judgedGood, one, limit)
	if err != nil || len(good) == limit {
		return good, err
	}
	failed, err := s.judgedBy(ctx, judgedFailed, one, limit-len(good))
	return append(good, failed...), err
}

func (s *Store) judgedBy(ctx context.Context, query string, one model.Snapshot, limit int) (out []model.Snapshot, err error) {
	// Scanned by hand, like other lists of thousands.
	rows, err := s.r.QueryContext(ctx, query, one.ConfigurationID, limit)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var at string
		err := rows.Scan(&one.DestinationID, &one.Status, &one.Safety, &at)
		if err == nil {
			one.StartedAt, err = time.Parse(time.RFC3339Nano, at)
		}
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, one)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// DeletePolicy removes a policy that is not the default and that no configuration follows.
func (s *Store) DeletePolicy(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "delete a policy", func(ctx context.Context, tx bun.Tx) error {
		p, err := onePolicy(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if p.IsDefault {
			return model.Conflict{Reason: "This is the default policy; make another one the default first."}
		}
		used, err := tx.NewSelect().Model((*model.Configuration)(nil)).Where("policy_id = ?", id).Count(ctx)
		if err != nil {
			return err
		}
		if used > 0 {
			return model.Conflict{Reason: "Apps still follow this policy; move them to another one first."}
		}
		return touched(tx.NewDelete().Model((*model.Policy)(nil)).Where("id = ?", id).Exec(ctx))
	})
}
