package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"keepstead/model"
)

// fail translates an error of the driver into the words of the model, and says what was being done. It is the one
// place that knows SQLite's codes. A refusal of the model passes as it is: its sentence is for people.
func fail(doing string, err error) error {
	var conflict model.Conflict
	switch {
	case err == nil:
		return nil
	case errors.As(err, &conflict), len(model.Refused(err)) > 0:
		return err
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", doing, model.ErrNotFound)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", doing, err)
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		if known := translate(lite); known != nil {
			return fmt.Errorf("%s: %w (%s)", doing, known, lite.ExtendedCode.Error())
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// translate maps SQLite's codes to the model's errors; nil for a code that is nobody's fault but the machine's.
func translate(err sqlite3.Error) error {
	switch err.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
		return model.Conflict{Reason: "This is already there."}
	case sqlite3.ErrConstraintForeignKey:
		return model.Conflict{Reason: "Something that this belongs to is gone, or something still uses it."}
	}
	switch err.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return model.ErrBusy
	}
	return nil
}

// taken replaces the refusal of a unique index by a sentence for the person who asked. Other errors pass.
func taken(err error, field, sentence string, args ...any) error {
	var lite sqlite3.Error
	if errors.As(err, &lite) && lite.ExtendedCode == sqlite3.ErrConstraintUnique {
		return model.Conflict{Field: field, Reason: fmt.Sprintf(sentence, args...)}
	}
	return err
}

// orphan replaces the refusal of a foreign key by the field that names a row that is not there. Other errors pass.
func orphan(err error, field, sentence string) error {
	var lite sqlite3.Error
	if errors.As(err, &lite) && lite.ExtendedCode == sqlite3.ErrConstraintForeignKey {
		return model.Invalid{Field: field, Reason: sentence}
	}
	return err
}

// missing replaces sql.ErrNoRows by the field that names a row that is not there. Other errors pass.
func missing(err error, field, sentence string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return model.Invalid{Field: field, Reason: sentence}
	}
	return err
}
