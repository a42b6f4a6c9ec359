package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Session returns the session with this hash of its id. One that has expired is not found.
func (s *Store) Session(ctx context.Context, hash []byte) (model.Session, error) {
	return first[model.Session](ctx, s.r, "read a session", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("id_hash = ?", hash).Where("expires_at > ?", now())
	})
}

// Sessions lists the sessions of a user that have not expired, last used first.
func (s *Store) Sessions(ctx context.Context, userID uuid.UUID) ([]model.Session, error) {
	return all[model.Session](ctx, s.r, "list sessions", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("user_id = ?", userID).Where("expires_at > ?", now()).Order("seen_at DESC")
	})
}

// CreateSession adds a session.
func (s *Store) CreateSession(ctx context.Context, session model.Session) error {
	return s.writeAside(ctx, "create a session", func(ctx context.Context, tx bun.Tx) error { return insert(ctx, tx, &session) })
}

// TouchSession records that a session was used and until when it now lasts.
func (s *Store) TouchSession(ctx context.Context, hash []byte, seen, expires time.Time) error {
	return s.writeAside(ctx, "touch a session", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("UPDATE sessions SET seen_at = ?, expires_at = ? WHERE id_hash = ?", seen, expires, hash).Exec(ctx))
	})
}

// DeleteSession ends a session. One that is gone already is no error.
func (s *Store) DeleteSession(ctx context.Context, hash []byte) error {
	return s.writeAside(ctx, "delete a session", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM sessions WHERE id_hash = ?", hash).Exec(ctx)
		return err
	})
}

func deleteSessions(ctx context.Context, tx bun.Tx, userID uuid.UUID) error {
	_, err := tx.NewRaw("DELETE FROM sessions WHERE user_id = ?", userID).Exec(ctx)
	return err
}

// DeleteExpiredSessions deletes the sessions whose time is over.
func (s *Store) DeleteExpiredSessions(ctx context.Context) error {
	return s.writeAside(ctx, "delete expired sessions", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM sessions WHERE expires_at <= ?", now()).Exec(ctx)
		return err
	})
}
