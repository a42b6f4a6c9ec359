package store

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Jobs lists the chosen jobs without their steps, newest first, one page at a time.
func (s *Store) Jobs(ctx context.Context, f model.JobFilter) ([]model.Job, error) {
	ids := s.jobIDs(f)
	return all[model.Job](ctx, s.r, "list jobs", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ExcludeColumn("steps").Where("id IN (?)", ids).Order("id DESC").Limit(int64(f.Size()))
	})
}

// jobIDs selects the ids of one page out of an index that holds all that the filter asks.
func (s *Store) jobIDs(f model.JobFilter) *bun.SelectQuery {
	column, id := jobIndex(f)
	if column != "" || len(f.States)+len(f.Kinds) == 0 && !f.Telling {
		return s.jobPage(f, func(q *bun.SelectQuery) *bun.SelectQuery {
			if column != "" {
				q = q.Where(column+" = ?", id)
			}
			if len(f.Kinds) > 0 {
				q = q.Where("+kind IN (?)", bun.List(f.Kinds))
			} else if f.Telling {
				q = q.Where("(+state <> ? OR +kind IN (?))", model.JobSuccess, bun.List(f.KindsIn(model.JobSuccess)))
			}
			if len(f.States) > 0 {
				q = q.Where("+state IN (?)", bun.List(f.States))
			}
			return q
		})
	}
	return s.jobUnion(f)
}

// jobUnion takes one page of each kind and state from the index that has it in order, and leaves their merging to the
// caller: what is asked may be rare among many jobs, so a walk over all of them could be long.
func (s *Store) jobUnion(f model.JobFilter) *bun.SelectQuery {
	states := slices.Compact(slices.Sorted(slices.Values(f.States)))
	if len(states) == 0 {
		states = append(finalStates(), model.JobQueued, model.JobRunning)
	}
	var union *bun.SelectQuery
	for _, state := range states {
		kinds := slices.Compact(slices.Sorted(slices.Values(f.KindsIn(state))))
		if len(kinds) == 0 {
			kinds = []model.JobKind{""}
		}
		for _, kind := range kinds {
			page := s.r.NewSelect().Column("id").TableExpr("(?)", s.jobPage(f, func(q *bun.SelectQuery) *bun.SelectQuery {
				if kind != "" {
					q = q.Where("kind = ?", kind)
				}
				return q.Where("state = ?", state)
			}))
			if union == nil {
				union = page
			} else {
				union = union.UnionAll(page)
			}
		}
	}
	return union
}

// jobIndex names the column whose index finds the fewest jobs.
func jobIndex(f model.JobFilter) (column string, id uuid.UUID) {
	switch {
	case f.SnapshotID != uuid.Nil:
		return "snapshot_id", f.SnapshotID
	case f.ConfigurationID != uuid.Nil:
		return "configuration_id", f.ConfigurationID
	case f.AppID != uuid.Nil:
		return "app_id", f.AppID
	case f.DestinationID != uuid.Nil:
		return "destination_id", f.DestinationID
	}
	return "", uuid.Nil
}

// jobPage is one page of ids; choose adds the conditions that decide the index, the unary plus keeps the rest out of
// that decision.
func (s *Store) jobPage(f model.JobFilter, choose func(*bun.SelectQuery) *bun.SelectQuery) *bun.SelectQuery {
	q := s.r.NewSelect().Model((*model.Job)(nil)).Column("id").Apply(choose)
	for column, id := range map[string]uuid.UUID{
		"snapshot_id": f.SnapshotID, "configuration_id": f.ConfigurationID, "app_id": f.AppID, "destination_id": f.DestinationID,
	} {
		if id != uuid.Nil {
			q = q.Where("+"+column+" = ?", id)
		}
	}
	if f.Cursor != uuid.Nil {
		q = q.Where("id < ?", f.Cursor)
	}
	return q.Order("id DESC").Limit(int64(f.Size()))
}
