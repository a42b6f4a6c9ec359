package store

import (
	"context"

	"github.com/uptrace/bun"

	"keepstead/model"
)

// DataKeys lists the wrapped keys that seal credentials, oldest first.
func (s *Store) DataKeys(ctx context.Context) ([]model.DataKey, error) {
	return all[model.DataKey](ctx, s.r, "read data keys", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("id") })
}

// CreateDataKey adds a wrapped key.
func (s *Store) CreateDataKey(ctx context.Context, k model.DataKey) (model.DataKey, error) {
	newID(&k.ID, model.NewID)
	if k.CreatedAt.IsZero() {
		k.CreatedAt = now()
	}
	return k, s.write(ctx, "create a data key", func(ctx context.Context, tx bun.Tx) error { return insert(ctx, tx, &k) })
}
