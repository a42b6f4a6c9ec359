package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// errRotating keeps a password from being changed while another one is on its way into the repository.
var errRotating = model.Conflict{Field: "repo_password", Reason: "The key of this repository is being rotated. Wait until that has ended, then try again."}

// SetDestinationAccess writes the credentials of a destination, and that what opens it is not what it was. The password of
// its repository is changed where another one is given, but not while a rotation is under way: its key may be the one that
// is about to be removed.
func (s *Store) SetDestinationAccess(ctx context.Context, d model.Destination, password model.Sealed) error {
	return s.write(ctx, "change the access to a destination", func(ctx context.Context, tx bun.Tx) error {
		at := now()
		d.AccessChangedAt = &at
		columns := []string{"s3_access_key", "s3_secret_key", "sftp_password", "sftp_key", "access_changed_at"}
		q := tx.NewUpdate().Model(&d).WherePK().Where("removed_at IS NULL")
		if !password.Empty() {
			d.RepoPassword, columns = password, append(columns, "repo_password")
			q = q.Where("next_password IS NULL").Where("replaced_keys IS NULL")
		}
		err := touched(q.Column(columns...).Exec(ctx))
		if err == nil || password.Empty() {
			return err
		}
		if there := mustHave[model.Destination](ctx, tx, d.ID, "removed_at IS NULL"); there != nil {
			return there
		}
		return errRotating
	})
}

// BeginRotation keeps the password that a repository is about to get, and the keys that go once it is in use, before the
// repository knows of it. It is refused where another password is in use than was, or a rotation is under way.
func (s *Store) BeginRotation(ctx context.Context, id uuid.UUID, was, next model.Sealed, replaced []string) error {
	return s.rotation(ctx, "begin a rotation", id, `UPDATE destinations SET next_password = ?, replaced_keys = ?
		WHERE id = ? AND repo_password = ? AND next_password IS NULL`, []byte(next), keyIDs(replaced), id, []byte(was))
}

// AdoptPassword puts the new password of a repository to use, where it is still the one that is under way.
func (s *Store) AdoptPassword(ctx context.Context, id uuid.UUID, next, password model.Sealed) error {
	at := now()
	return s.rotation(ctx, "put a new password to use", id, `UPDATE destinations SET repo_password = ?, next_password = NULL,
		rotated_at = ?, access_changed_at = ? WHERE id = ? AND next_password = ?`, []byte(password), at, at, id, []byte(next))
}

// SetReplacedKeys says which keys are still to be removed.
func (s *Store) SetReplacedKeys(ctx context.Context, id uuid.UUID, left []string) error {
	return s.rotation(ctx, "note which keys are left", id, "UPDATE destinations SET replaced_keys = ? WHERE id = ?", keyIDs(left), id)
}

// rotation writes one step of a rotation, of a destination that may have been removed meanwhile: its password is kept then,
// too. A step that meets another state than it expects is a Conflict.
func (s *Store) rotation(ctx context.Context, doing string, id uuid.UUID, statement string, args ...any) error {
	return s.write(ctx, doing, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewRaw(statement, args...).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		if there := mustHave[model.Destination](ctx, tx, id, "TRUE"); there != nil {
			return there
		}
		return model.Conflict{Reason: "The password of this repository was changed meanwhile."}
	})
}

// keyIDs is how a list of keys is stored: as JSON, and NULL for none.
func keyIDs(ids []string) any {
	if len(ids) == 0 {
		return nil
	}
	text, _ := json.Marshal(ids) // texts alone cannot fail
	return string(text)
}

// SetKitTaken records that somebody took the recovery kit with the passwords of these repositories, as they were at that
// moment.
func (s *Store) SetKitTaken(ctx context.Context, ids []uuid.UUID, at time.Time) error {
	return s.write(ctx, "record the recovery kit", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE destinations SET kit_at = ? WHERE id IN (?)", at.UTC(), bun.List(ids)).Exec(ctx)
		return err
	})
}
