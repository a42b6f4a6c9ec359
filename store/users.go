package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Users lists all users by name.
func (s *Store) Users(ctx context.Context) ([]model.User, error) {
	return all[model.User](ctx, s.r, "list users", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("name") })
}

// User returns one user.
func (s *Store) User(ctx context.Context, id uuid.UUID) (model.User, error) {
	return one[model.User](ctx, s.r, "read a user", id)
}

// UserByName returns the user with this name.
func (s *Store) UserByName(ctx context.Context, name string) (model.User, error) {
	return first[model.User](ctx, s.r, "read a user", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("name = ?", cleanText(name))
	})
}

// CountUsers counts the users; none means that Keepstead is not set up.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	n, err := s.r.NewSelect().Model((*model.User)(nil)).Count(ctx)
	return int(n), fail("count users", err)
}

// CreateUser adds a user. A name that is taken is a Conflict.
func (s *Store) CreateUser(ctx context.Context, u model.User) (model.User, error) {
	newID(&u.ID, model.NewID)
	stamp(&u.Stamps)
	return u, s.write(ctx, "create a user", func(ctx context.Context, tx bun.Tx) error {
		return taken(insert(ctx, tx, &u), "name", "There is already a user named “%s”.", u.Name)
	})
}

// CreateFirstUser adds a user only where there is none; else it is a Conflict. Two browsers that set Keepstead up at
// the same moment cannot both win.
func (s *Store) CreateFirstUser(ctx context.Context, u model.User) (model.User, error) {
	newID(&u.ID, model.NewID)
	stamp(&u.Stamps)
	return u, s.write(ctx, "create the first user", func(ctx context.Context, tx bun.Tx) error {
		n, err := tx.NewSelect().Model((*model.User)(nil)).Count(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			return model.Conflict{Reason: "Keepstead is set up already; sign in."}
		}
		return insert(ctx, tx, &u)
	})
}

// DeleteUser deletes a user and ends the user's sessions. The last one is a Conflict: with no user, Keepstead would let
// whoever comes first set it up again.
func (s *Store) DeleteUser(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "delete a user", func(ctx context.Context, tx bun.Tx) error {
		if err := deleteSessions(ctx, tx, id); err != nil {
			return err
		}
		if err := touched(tx.NewDelete().Model((*model.User)(nil)).Where("id = ?", id).Exec(ctx)); err != nil {
			return err
		}
		n, err := tx.NewSelect().Model((*model.User)(nil)).Count(ctx)
		if err == nil && n == 0 {
			return model.Conflict{Reason: "This is the last user; without one nobody could sign in."}
		}
		return err
	})
}

// SetPassword replaces a user's password and ends all of the user's sessions: whoever knew the old one is out.
func (s *Store) SetPassword(ctx context.Context, id uuid.UUID, hash string) error {
	return s.write(ctx, "set a password", func(ctx context.Context, tx bun.Tx) error {
		err := touched(tx.NewRaw("UPDATE users SET password_hash = ?, updated_at = ? WHERE id = ?", hash, now(), id).Exec(ctx))
		if err != nil {
			return err
		}
		return deleteSessions(ctx, tx, id)
	})
}
