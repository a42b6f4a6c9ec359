package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"
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

// SealedValue is one sealed credential, and the place that it is sealed for.
type SealedValue struct {
	Table, Column string
	Row           uuid.UUID
	Value         model.Sealed

	key string // the column that Row is in
}

// sealedRows are the rows that have sealed columns.
func sealedRows() []reflect.Type {
	return []reflect.Type{reflect.TypeFor[model.Destination](), reflect.TypeFor[model.Device](), reflect.TypeFor[model.Channel](), reflect.TypeFor[model.TwoFactor]()}
}

// sealedColumns names the sealed columns of a table and the one that tells its rows apart, by the type of its rows.
func sealedColumns(db bun.IDB, row reflect.Type) (table, key string, columns []string) {
	t := db.Dialect().Tables().Get(row)
	for _, f := range t.Fields {
		if f.StructField.Type == reflect.TypeFor[model.Sealed]() {
			columns = append(columns, f.Name)
		}
	}
	return t.Name, t.PKs[0].Name, columns
}

// SealedValues lists every sealed credential, of what was removed too.
func (s *Store) SealedValues(ctx context.Context) (out []SealedValue, err error) {
	out, err = sealedValues(ctx, s.r)
	return out, fail("read the sealed credentials", err)
}

func sealedValues(ctx context.Context, db bun.IDB) (out []SealedValue, err error) {
	for _, row := range sealedRows() {
		table, key, columns := sealedColumns(db, row)
		for _, column := range columns {
			found, err := sealedIn(ctx, db, SealedValue{Table: table, Column: column, key: key})
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
	}
	return out, nil
}

// sealedIn lists the values of the column that v names.
func sealedIn(ctx context.Context, db bun.IDB, v SealedValue) (out []SealedValue, err error) {
	key, column := bun.Ident(v.key), bun.Ident(v.Column)
	rows, err := db.NewSelect().ColumnExpr("?, ?", key, column).TableExpr("?", bun.Ident(v.Table)).Where("? IS NOT NULL", column).OrderExpr("?", key).Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v.Value = nil
		if err := rows.Scan(&v.Row, (*[]byte)(&v.Value)); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// ReplaceDataKeys seals every credential anew and leaves key as the only data key, all in one transaction: whatever happens,
// the data keys in the database open what is in it. seal gets each credential as it is, and returns it as it is to be. taken is
// called once the database has the key; then what was there before is wiped from the file as well, which may take a while.
func (s *Store) ReplaceDataKeys(ctx context.Context, key model.DataKey, seal func(SealedValue) (model.Sealed, error), taken func()) error {
	if _, err := s.w.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
		return fail("replace the data key", err)
	}
	err := s.write(ctx, "replace the data key", func(ctx context.Context, tx bun.Tx) error {
		values, err := sealedValues(ctx, tx)
		if err != nil {
			return err
		}
		for _, v := range values {
			sealed, err := seal(v)
			if err != nil {
				return fmt.Errorf("seal %s.%s of %s anew: %w", v.Table, v.Column, v.Row, err)
			}
			q := tx.NewUpdate().Table(v.Table).Set("? = ?", bun.Ident(v.Column), []byte(sealed)).Where("? = ?", bun.Ident(v.key), v.Row)
			if err := touched(q.Exec(ctx)); err != nil {
				return err
			}
		}
		if _, err := tx.NewRaw("DELETE FROM data_keys").Exec(ctx); err != nil {
			return err
		}
		return insert(ctx, tx, &key)
	})
	if err != nil {
		return err
	}
	taken()
	s.wipe(ctx)
	return nil
}

// wipe takes what was overwritten out of the write-ahead log too. Where somebody is reading just then it stays there a little
// longer, and goes with what is written next.
func (s *Store) wipe(ctx context.Context) {
	var busy, frames, moved sql.NullInt64
	err := s.w.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	if err != nil || busy.Int64 != 0 {
		s.log.Info("what the old data key had sealed stays in the write-ahead log for now", "error", err)
	}
}
