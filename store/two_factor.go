package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// TwoFactor returns the second factor of a user; model.ErrNotFound while the user has none.
func (s *Store) TwoFactor(ctx context.Context, user uuid.UUID) (model.TwoFactor, error) {
	return first[model.TwoFactor](ctx, s.r, "read a second factor", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("user_id = ?", user)
	})
}

// TwoFactorUsers are the users who have a second factor.
func (s *Store) TwoFactorUsers(ctx context.Context) (map[uuid.UUID]bool, error) {
	var ids []uuid.UUID
	err := s.r.NewRaw("SELECT user_id FROM two_factors").Scan(ctx, &ids)
	out := map[uuid.UUID]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out, fail("list second factors", err)
}

// CreateTwoFactor gives a user a second factor with recovery codes, and ends all of the user's sessions but one. One that
// is there already is a Conflict.
func (s *Store) CreateTwoFactor(ctx context.Context, f model.TwoFactor, hashes [][]byte, keep []byte) error {
	if f.CreatedAt.IsZero() {
		f.CreatedAt = now()
	}
	return s.writeAside(ctx, "turn a second factor on", func(ctx context.Context, tx bun.Tx) error {
		on, err := tx.NewSelect().Model((*model.TwoFactor)(nil)).Where("user_id = ?", f.UserID).Exists(ctx)
		if err == nil && on {
			err = model.Conflict{Reason: "Two-factor is on already."}
		}
		if err == nil {
			err = insert(ctx, tx, &f)
		}
		if err != nil {
			return err
		}
		if err := setRecoveryCodes(ctx, tx, f.UserID, hashes); err != nil {
			return err
		}
		_, err = tx.NewRaw("DELETE FROM sessions WHERE user_id = ? AND id_hash <> ?", f.UserID, keep).Exec(ctx)
		return err
	})
}

// DeleteTwoFactor takes a user's second factor and recovery codes away.
func (s *Store) DeleteTwoFactor(ctx context.Context, user uuid.UUID) error {
	return s.writeAside(ctx, "turn a second factor off", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("DELETE FROM two_factors WHERE user_id = ?", user).Exec(ctx))
	})
}

// ResetTwoFactor is DeleteTwoFactor that ends the user's sessions too.
func (s *Store) ResetTwoFactor(ctx context.Context, user uuid.UUID) error {
	return s.writeAside(ctx, "reset a second factor", func(ctx context.Context, tx bun.Tx) error {
		if err := touched(tx.NewRaw("DELETE FROM two_factors WHERE user_id = ?", user).Exec(ctx)); err != nil {
			return err
		}
		return deleteSessions(ctx, tx, user)
	})
}

// TakeStep uses the code of a time step up. A step that is not newer than the last one taken is model.ErrNotFound.
func (s *Store) TakeStep(ctx context.Context, user uuid.UUID, step int64) error {
	return s.writeAside(ctx, "use a code", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("UPDATE two_factors SET last_step = ? WHERE user_id = ? AND last_step < ?", step, user, step).Exec(ctx))
	})
}

// TakeRecoveryCode uses a recovery code up. One that the user does not have, or not any more, is model.ErrNotFound.
func (s *Store) TakeRecoveryCode(ctx context.Context, user uuid.UUID, hash []byte) error {
	return s.writeAside(ctx, "use a recovery code", func(ctx context.Context, tx bun.Tx) error {
		return touched(tx.NewRaw("DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?", user, hash).Exec(ctx))
	})
}

// SetRecoveryCodes replaces all recovery codes of a user.
func (s *Store) SetRecoveryCodes(ctx context.Context, user uuid.UUID, hashes [][]byte) error {
	return s.writeAside(ctx, "make recovery codes", func(ctx context.Context, tx bun.Tx) error {
		return setRecoveryCodes(ctx, tx, user, hashes)
	})
}

func setRecoveryCodes(ctx context.Context, tx bun.Tx, user uuid.UUID, hashes [][]byte) error {
	if _, err := tx.NewRaw("DELETE FROM recovery_codes WHERE user_id = ?", user).Exec(ctx); err != nil {
		return err
	}
	for _, hash := range hashes {
		if _, err := tx.NewRaw("INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)", user, hash).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// CountRecoveryCodes counts those that a user has left.
func (s *Store) CountRecoveryCodes(ctx context.Context, user uuid.UUID) (n int, err error) {
	return n, fail("count recovery codes", s.r.NewRaw("SELECT count(*) FROM recovery_codes WHERE user_id = ?", user).Scan(ctx, &n))
}
