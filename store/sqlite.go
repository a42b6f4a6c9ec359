package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"keepstead/model"
)

const (
	// readers is how many queries may read at once; each connection keeps up to 2 MB of pages.
	readers = 4
	// journalLimit is the size in bytes that the write-ahead log shrinks back to after a burst.
	journalLimit = "PRAGMA journal_size_limit = 8388608"

	writerParams = "_busy_timeout=5000&_foreign_keys=on&_synchronous=FULL&_txlock=immediate"
	readerParams = "mode=ro&_query_only=true&_busy_timeout=5000&_foreign_keys=on"
	copyParams   = "mode=ro&_busy_timeout=5000"
	// A migration may rebuild a table; with foreign keys on that would delete the rows that point to it.
	migrateParams = "_busy_timeout=5000&_foreign_keys=off&_txlock=immediate"
)

// connector opens connections with a hook, without registering a driver for the whole process.
type connector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// connect opens a database of so many connections at most; prepare, which may be nil, is called with each new one.
func connect(path, params string, connections int, prepare func(*sqlite3.SQLiteConn) error) *sql.DB {
	// The path is escaped: a directory may have ? or # in its name.
	dsn := (&url.URL{Scheme: "file", Path: path, RawQuery: params}).String()
	db := sql.OpenDB(connector{driver: &sqlite3.SQLiteDriver{ConnectHook: prepare}, dsn: dsn})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// openWriter opens the one connection that writes, which watch is told of.
func openWriter(ctx context.Context, path string, watch func(*sqlite3.SQLiteConn)) (*bun.DB, error) {
	db := connect(path, writerParams, 1, func(c *sqlite3.SQLiteConn) error {
		watch(c)
		_, err := c.Exec(journalLimit, nil)
		return err
	})
	return bun.NewDB(db, newDialect()), useWAL(ctx, db)
}

// useWAL switches the database to its write-ahead log, which the file remembers. SQLite does not wait when another
// process is about to do the same, so this does.
func useWAL(ctx context.Context, db *sql.DB) error {
	for end := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		_, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
		if err = fail("prepare the database", err); !errors.Is(err, model.ErrBusy) || time.Now().After(end) {
			return err
		}
	}
}

func openReaders(path string) (*bun.DB, error) {
	db := connect(path, readerParams, readers, nil)
	return bun.NewDB(db, newDialect()), fail("open the database", db.Ping())
}

// timeFormat has a fixed width, so that times sort as text.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// dialect is SQLite's with times of fixed width and in UTC. Bun's own drop trailing zeros and read back in a local
// zone.
type dialect struct{ *sqlitedialect.Dialect }

func newDialect() dialect { return dialect{sqlitedialect.New()} }

// AppendTime writes t as a quoted timeFormat.
func (dialect) AppendTime(b []byte, t time.Time) []byte {
	b = append(b, '\'')
	b = t.UTC().AppendFormat(b, timeFormat)
	return append(b, '\'')
}
