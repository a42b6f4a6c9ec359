package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// mustNotRotate is a Conflict while a rotation is under way: it knows the place and the password from when it began.
func mustNotRotate(ctx context.Context, tx bun.Tx, id uuid.UUID, field string) error {
	open, err := tx.NewSelect().Model((*model.Job)(nil)).Where("state IN ('queued', 'running')").Where("kind = ?", model.JobRotate).
		Where("destination_id = ?", id).Exists(ctx)
	if err == nil && open {
		return model.Conflict{Field: field, Reason: "The key of this repository is being rotated. Wait until that has ended, then try again."}
	}
	return err
}

// ChangeAccess is UpdateDestination for one whose place or credentials become others, and notes that what opens it is not
// what it was. It is refused while a rotation is under way, and where its passwords are not those of old any more.
func (s *Store) ChangeAccess(ctx context.Context, d, old model.Destination) (model.Destination, error) {
	at := now()
	stamp(&d.Stamps)
	d.AccessChangedAt = &at
	return d, s.write(ctx, "change the access to a destination", func(ctx context.Context, tx bun.Tx) error {
		field := ""
		if !bytes.Equal(old.RepoPassword, d.RepoPassword) {
			field = "repo_password"
		}
		if err := updateDestination(ctx, tx, d); err != nil {
			return err
		}
		if err := mustNotRotate(ctx, tx, d.ID, field); err != nil {
			return err
		}
		err := touched(tx.NewUpdate().Model(&d).WherePK().
			Where("repo_password IS ?", []byte(old.RepoPassword)).Where("next_password IS ?", []byte(old.NextPassword)).
			Column("s3_access_key", "s3_secret_key", "sftp_password", "sftp_key", "repo_password", "next_password", "replaced_keys", "access_changed_at").Exec(ctx))
		if errors.Is(err, sql.ErrNoRows) {
			return model.Conflict{Field: field, Reason: "The password of this repository was changed meanwhile."}
		}
		return err
	})
}

// BeginRotation keeps the password that a repository is about to get, and the keys that go once it is in use, before the
// repository knows of it. It is refused where another password is in use than was, or a rotation is under way.
func (s *Store) BeginRotation(ctx context.Context, id uuid.UUID, was, next model.Sealed, replaced []string) error {
	return s.rotation(ctx, "begin a rotation", id, `UPDATE destinations SET next_password = ?, replaced_keys = ?
		WHERE id = ? AND repo_password = ? AND next_password IS NULL`, []byte(next), keyIDs(replaced), id, []byte(was))
}

// AdoptPassword puts the new password of a repository to use, where it is still the one that is under way, and the place and
// the credentials are those of accessed still: the repository that learnt it is there.
func (s *Store) AdoptPassword(ctx context.Context, id uuid.UUID, next, password model.Sealed, accessed *time.Time) error {
	at := now()
	return s.rotation(ctx, "put a new password to use", id, `UPDATE destinations SET repo_password = ?, next_password = NULL,
		rotated_at = ?, access_changed_at = ? WHERE id = ? AND next_password = ? AND access_changed_at IS ?`,
		[]byte(password), at, at, id, []byte(next), accessed)
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
