package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Tokens lists all API tokens by name.
func (s *Store) Tokens(ctx context.Context) ([]model.Token, error) {
	return all[model.Token](ctx, s.r, "list tokens", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("name") })
}

// Token returns one API token, expired or not.
func (s *Store) Token(ctx context.Context, id uuid.UUID) (model.Token, error) {
	return one[model.Token](ctx, s.r, "read a token", id)
}

// TokenByHash returns the token with this hash. One that has expired is not found.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (model.Token, error) {
	return first[model.Token](ctx, s.r, "read a token", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("hash = ?", hash).Where("(expires_at IS NULL OR expires_at > ?)", now())
	})
}

// CreateToken adds a token. A name that is taken is a Conflict.
func (s *Store) CreateToken(ctx context.Context, t model.Token) (model.Token, error) {
	newID(&t.ID, model.NewID)
	if t.CreatedAt.IsZero() {
		t.CreatedAt = now()
	}
	return t, s.writeAside(ctx, "create a token", func(ctx context.Context, tx bun.Tx) error {
		return taken(insert(ctx, tx, &t), "name", "There is already a token named “%s”.", t.Name)
	})
}

// TouchToken records when a token was used last.
func (s *Store) TouchToken(ctx context.Context, id uuid.UUID, used time.Time) error {
	return s.writeAside(ctx, "touch a token", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("UPDATE tokens SET last_used_at = ? WHERE id = ?", used, id).Exec(ctx))
	})
}

// DeleteToken revokes a token.
func (s *Store) DeleteToken(ctx context.Context, id uuid.UUID) error {
	return s.writeAside(ctx, "delete a token", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewDelete().Model((*model.Token)(nil)).Where("id = ?", id).Exec(ctx))
	})
}
