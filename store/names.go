package store

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Names returns the names of apps and destinations, removed ones too, and for a configuration that of its policy. An
// id that names nothing any more is missing. Lists so ask once for all their rows.
func (s *Store) Names(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	out := map[uuid.UUID]string{}
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.DeleteFunc(slices.Compact(ids), func(id uuid.UUID) bool { return id == uuid.Nil })
	for chunk := range slices.Chunk(ids, maxInList) {
		var rows []struct {
			ID   uuid.UUID
			Name string
		}
		err := s.r.NewRaw(`SELECT id, name FROM apps WHERE id IN (?0) UNION ALL SELECT id, name FROM destinations WHERE id IN (?0)
			UNION ALL SELECT c.id, p.name FROM configurations AS c JOIN policies AS p ON p.id = c.policy_id WHERE c.id IN (?0)`,
			bun.List(chunk)).Scan(ctx, &rows)
		if err != nil {
			return nil, fail("read names", err)
		}
		for _, row := range rows {
			out[row.ID] = row.Name
		}
	}
	return out, nil
}
