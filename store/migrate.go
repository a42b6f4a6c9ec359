package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate runs the migrations that the database has not seen, each in a transaction of its own. It says whether the
// database was new. The files are numbered from 1 without a gap, never edited and never removed; the number of the last
// one run is SQLite's user_version.
func (s *Store) migrate(ctx context.Context, dir string) (fresh bool, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return false, fmt.Errorf("list migrations: %w", err)
	}
	db := connect(s.path, migrateParams, 1, nil)
	defer func() { err = errors.Join(err, db.Close()) }()

	version, err := schemaVersion(ctx, db)
	if err != nil || version == len(files) {
		return false, err
	}
	if version > len(files) {
		return false, fmt.Errorf("open the database: its schema is version %d, this Keepstead knows %d: "+
			"it was made by a newer Keepstead; use that one", version, len(files))
	}
	if s.lock == nil { // not under the feet of a running server
		lock, err := shareDir(dir, func() (bool, error) {
			now, err := schemaVersion(ctx, db)
			return now < len(files), err
		})
		if err != nil || lock == nil {
			return false, err
		}
		defer func() { _ = lock.Close() }()
	}
	for _, name := range files {
		if err := migrateOne(ctx, db, name); err != nil {
			return false, fmt.Errorf("migrate the database with %s: %w", name, fail("run", err))
		}
	}
	return version == 0, nil
}

func schemaVersion(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
},
) (version int, err error) {
	err = q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, fail("read the schema's version", err)
}

func migrateOne(ctx context.Context, db *sql.DB, name string) error {
	number, err := strconv.Atoi(strings.TrimPrefix(name, "migrations/")[:4])
	if err != nil {
		return fmt.Errorf("number of the file: %w", err)
	}
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	// The version is read again under the write lock: another process may have run this file meanwhile.
	version, err := schemaVersion(ctx, tx)
	if err != nil || version >= number {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	if err := checkForeignKeys(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", number)); err != nil {
		return err
	}
	return tx.Commit()
}

func checkForeignKeys(ctx context.Context, tx *sql.Tx) (err error) {
	rows, err := tx.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		return errors.New("rows would point to rows that are not there")
	}
	return rows.Err()
}
