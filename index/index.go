// Package index keeps the file trees of snapshots in a SQLite file of its own, so that opening a folder, searching a
// name across all snapshots of an app and comparing two snapshots ask no repository. What is in it can be made again:
// a file that is damaged, or of another version, is thrown away.
//
// The snapshots of one configuration form a line. Each folder of a line has a timeline of listings: a snapshot that is
// like its neighbour adds nothing, one that differs adds what differs. See docs/adr/0013-snapshot-index.md.
package index

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/mattn/go-sqlite3"
)

// File is the name of the index inside the data directory.
const File = "index.db"

// DefaultLimit is how many bytes the index may take where nothing is said.
const DefaultLimit = 2 << 30

const (
	// version is the number of the schema; a file with another one is made anew.
	version = 1
	readers = 4

	writerParams = "_busy_timeout=5000&_foreign_keys=on&_synchronous=NORMAL&_journal_mode=WAL&_txlock=immediate&_auto_vacuum=2&_stmt_cache_size=32"
	readerParams = "mode=ro&_query_only=true&_busy_timeout=5000&_stmt_cache_size=32"
)

//go:embed schema.sql
var schema string

// Options says how the index is opened.
type Options struct {
	// Limit is how many bytes it may take; 0 means DefaultLimit. The oldest snapshots are dropped first.
	Limit int64
}

// Index is the open index: one connection that writes, a few that only read.
type Index struct {
	w, r  *sql.DB
	path  string
	limit int64
	log   *slog.Logger
	unzip *zstd.Decoder
	// building lets one at a time add or sweep listings; readers and Drop do not wait for it.
	building sync.Mutex
}

// Open opens the index in dir. One that is missing, damaged or of another version is made anew, empty.
func Open(ctx context.Context, dir string, o Options, log *slog.Logger) (*Index, error) {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(readers), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("open the index of files: %w", err)
	}
	x := &Index{path: filepath.Join(dir, File), limit: o.Limit, log: log, unzip: unzip}
	if x.limit <= 0 {
		x.limit = DefaultLimit
	}
	err = x.open(ctx)
	if err != nil && ctx.Err() == nil {
		log.Warn("the index of files cannot be used and is made anew", "error", err)
		if err = errors.Join(x.Close(), x.remove()); err == nil {
			x.unzip = unzip
			err = x.open(ctx)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the index of files: %w", err), x.Close())
	}
	return x, nil
}

// open opens the file and makes what is missing in it.
func (x *Index) open(ctx context.Context) error {
	f, err := os.OpenFile(x.path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite's own files beside it inherit the mode
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	x.w = connect(x.path, writerParams, 1)
	if _, err := x.w.ExecContext(ctx, "PRAGMA journal_size_limit = 8388608"); err != nil {
		return err
	}
	var found int
	if err := x.w.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil {
		return err
	}
	switch found {
	case version:
	case 0:
		if _, err := x.w.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA user_version = %d;", version)); err != nil {
			return err
		}
	default:
		return fmt.Errorf("its version is %d, not %d", found, version)
	}
	if err := x.keepFloor(ctx); err != nil {
		return err
	}
	x.r = connect(x.path, readerParams, readers)
	return x.r.PingContext(ctx)
}

// keepFloor forgets what had no room once there is more of it.
func (x *Index) keepFloor(ctx context.Context) error {
	_, err := x.w.ExecContext(ctx, `INSERT INTO room VALUES (1, ?1, 0) ON CONFLICT DO
		UPDATE SET "limit" = ?1, floor = CASE WHEN ?1 > "limit" THEN 0 ELSE floor END`, x.limit)
	return err
}

// remove deletes the file with SQLite's own beside it.
func (x *Index) remove() error {
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(x.path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close ends all connections.
func (x *Index) Close() error {
	var errs []error
	for _, db := range []*sql.DB{x.r, x.w} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	x.r, x.w = nil, nil
	return errors.Join(errs...)
}

// connector opens connections without registering a driver for the whole process.
type connector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
}

// Connect opens a connection.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver returns the driver.
func (c connector) Driver() driver.Driver { return c.driver }

func connect(path, params string, connections int) *sql.DB {
	dsn := (&url.URL{Scheme: "file", Path: path, RawQuery: params}).String() // a folder may have ? in its name
	db := sql.OpenDB(connector{driver: &sqlite3.SQLiteDriver{}, dsn: dsn})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// noticed has a damaged index made anew at the next start, and returns the error.
func (x *Index) noticed(err error) error {
	var lite sqlite3.Error
	damaged := errors.Is(err, errDamaged)
	if errors.As(err, &lite) {
		damaged = damaged || lite.Code == sqlite3.ErrCorrupt || lite.Code == sqlite3.ErrNotADB
	}
	if damaged && x.w != nil {
		x.log.Error("the index of files is damaged; the next start makes it anew", "error", err)
		_, _ = x.w.Exec("PRAGMA user_version = -1") // where even that fails, so will the next start's opening
	}
	return err
}

// write runs fn in one transaction of the only connection that writes. fn must use tx alone.
func (x *Index) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := x.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return x.noticed(errors.Join(err, tx.Rollback())) // the connection must be free to say that it is damaged
	}
	return x.noticed(tx.Commit())
}
