package store

import (
	"context"
	"database/sql"
	"reflect"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// one reads the row with the primary key id.
func one[T any](ctx context.Context, db bun.IDB, doing string, id uuid.UUID) (T, error) {
	return first[T](ctx, db, doing, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id = ?", id) })
}

// first reads the first row of a selection.
func first[T any](ctx context.Context, db bun.IDB, doing string, choose func(*bun.SelectQuery) *bun.SelectQuery) (T, error) {
	var row T
	err := choose(db.NewSelect().Model(&row)).Limit(1).Scan(ctx)
	return row, fail(doing, err)
}

// maxRows bounds the lists that are not paged. A homelab stays far below it.
const maxRows = 10000

// all reads the rows of a selection; the slice is empty, never nil, when there are none.
func all[T any](ctx context.Context, db bun.IDB, doing string, choose func(*bun.SelectQuery) *bun.SelectQuery) ([]T, error) {
	rows := []T{}
	err := choose(db.NewSelect().Model(&rows).Limit(maxRows)).Scan(ctx)
	return rows, fail(doing, err)
}

// insert writes a new row.
func insert[T any](ctx context.Context, db bun.IDB, row *T) error {
	clean(reflect.ValueOf(row).Elem())
	_, err := db.NewInsert().Model(row).Returning("NULL").Exec(ctx)
	return err
}

// update writes all columns of row but those named; sql.ErrNoRows when the row is not there.
func update[T any](ctx context.Context, db bun.IDB, row *T, except ...string) error {
	clean(reflect.ValueOf(row).Elem())
	return touched(db.NewUpdate().Model(row).ExcludeColumn(except...).WherePK().Exec(ctx))
}

// touched turns a statement that met no row into sql.ErrNoRows.
func touched(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return sql.ErrNoRows
}

// newID fills an id that the caller left empty.
func newID(id *uuid.UUID, fresh func() uuid.UUID) {
	if *id == uuid.Nil {
		*id = fresh()
	}
}

// clean replaces NUL and invalid UTF-8 in the texts of a row, which SQLite cannot hold: output of programs and names
// of files come through here. Bytes and JSON stand such values and are left alone.
func clean(row reflect.Value) {
	for i := range row.NumField() {
		switch f := row.Field(i); {
		case f.Kind() == reflect.String:
			f.SetString(cleanText(f.String()))
		case f.Kind() == reflect.Struct && row.Type().Field(i).Anonymous:
			clean(f)
		}
	}
}

func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// orNull is NULL for an empty id. (bun.NullZero panics on an array that is not addressable.)
func orNull(id uuid.UUID) any {
	if id == uuid.Nil {
		return nil
	}
	return id
}
