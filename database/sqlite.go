package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"
)

// ErrNotSQLite says that a file is not a SQLite database that can be read: something else, or an encrypted one.
var ErrNotSQLite = errors.New("not a SQLite database, or an encrypted one")

const (
	// sqliteBusy is how long one attempt waits for a writer, sqlitePatience how long all of them do.
	sqliteBusy     = time.Second
	sqlitePatience = time.Minute
	// sqliteStep is how many pages are copied between two looks at the context.
	sqliteStep = 2048
)

// CopySQLite writes a consistent copy of the SQLite database from, which may be in use and written to meanwhile, to the
// new file to, checks it, and gives it the owner and mode of the original. The copy is one file, without a log beside
// it. Both are paths on this machine. It fails with fs.ErrNotExist for what
// went meanwhile, with ErrNotSQLite for what SQLite cannot read, and with *Error otherwise.
func CopySQLite(ctx context.Context, from, to string) (err error) {
	held, err := pinSQLite(from)
	if err != nil {
		if errors.Is(err, errSwapped) {
			err = explainSQLite(ctx, from, err)
		}
		return fmt.Errorf("look at a SQLite database: %w", err)
	}
	defer func() { _ = held.file.Close() }()
	defer inUse.take(held.info)()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create the copy of a SQLite database: %w", err)
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(explainSQLite(ctx, from, err), removeSQLite(to))
		}
	}()
	if err := errors.Join(backupFrom(ctx, from, to), held.same()); err != nil {
		return err
	}
	if err := quickCheck(ctx, to); err != nil {
		return err
	}
	if err := dressAs(out, held.itself(), held.info); err != nil {
		return fmt.Errorf("give the copy the owner of the original: %w", err)
	}
	return out.Sync()
}

// backup copies the pages. A read transaction is open meanwhile, so what is copied is the database at its beginning:
// others go on writing into the log, or wait where there is none.
func backup(ctx context.Context, from, to string) (err error) {
	src, err := openSource(ctx, from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := openSQLite(to, "mode=rw")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if err := execSQLite(dst, "PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF"); err != nil {
		return err
	}
	b, err := dst.Backup("main", src, "main")
	if err != nil {
		return fmt.Errorf("begin the copy: %w", err)
	}
	for done := false; !done && err == nil; {
		if done, err = b.Step(sqliteStep); err == nil {
			err = ctx.Err()
		}
	}
	if err := errors.Join(err, b.Finish()); err != nil {
		return fmt.Errorf("copy the pages: %w", err)
	}
	return execSQLite(src, "ROLLBACK")
}

// openSource opens the database as any of its users would, with a read transaction begun. Where Keepstead may only read
// there, SQLite cannot keep its shared memory beside it, so it reads with what is there.
func openSource(ctx context.Context, from string) (*sqlite3.SQLiteConn, error) {
	for deadline := time.Now().Add(sqlitePatience); ; {
		src, err := openSQLite(from, fmt.Sprintf("mode=%s&_busy_timeout=%d", accessTo(from), sqliteBusy.Milliseconds()))
		if err == nil {
			if err = execSQLite(src, "BEGIN", "SELECT count(*) FROM sqlite_master"); err == nil {
				return src, nil
			}
			err = errors.Join(err, src.Close())
		}
		if !isCode(err, sqlite3.ErrBusy, sqlite3.ErrLocked) || time.Now().After(deadline) {
			return nil, fmt.Errorf("open it: %w", err)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// accessTo is rw where the file and its folder can be written, as SQLite's own users do; else ro.
func accessTo(name string) string {
	for _, path := range []string{name, filepath.Dir(name)} {
		if unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS) != nil {
			return "ro"
		}
	}
	return "rw"
}

// quickCheck reads the copy whole. Nobody else knows of it, so it needs no lock and leaves no file beside it.
func quickCheck(ctx context.Context, name string) (err error) {
	conn, err := openSQLite(name, "mode=ro&immutable=1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	findings, err := textsSQLite(ctx, conn, "PRAGMA quick_check(5)")
	if err != nil && lacksModule(err) {
		findings, err = checkTables(ctx, conn)
	}
	if err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	if len(findings) != 1 || findings[0] != "ok" {
		return fmt.Errorf("check the copy: %w: %s", errDamaged, clip(strings.Join(findings, "; ")))
	}
	return nil
}

var errDamaged = errors.New("the database is damaged")

// checkTables checks table by table a database with parts that only its own app understands, which it leaves out.
func checkTables(ctx context.Context, conn *sqlite3.SQLiteConn) ([]string, error) {
	tables, err := textsSQLite(ctx, conn, "SELECT name FROM sqlite_master WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
	if err != nil {
		return nil, err
	}
	var bad []string
	for _, name := range tables {
		said, err := textsSQLite(ctx, conn, "PRAGMA quick_check('"+strings.ReplaceAll(name, "'", "''")+"')")
		switch {
		case err != nil && !lacksModule(err):
			return nil, err
		case err == nil && (len(said) != 1 || said[0] != "ok"):
			bad = append(bad, said...)
		}
	}
	if len(bad) == 0 {
		bad = []string{"ok"}
	}
	return bad, nil
}

// lacksModule says that a statement needs functions or modules that an app brings along: SQLite has one code for all.
func lacksModule(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrError &&
		(strings.HasPrefix(e.Error(), "no such ") || strings.HasPrefix(e.Error(), "unknown "))
}

// dressAs gives the copy what belongs to the original's file beside its content.
func dressAs(out *os.File, from string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := out.Chown(int(st.Uid), int(st.Gid)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err := out.Chmod(info.Mode()); err != nil {
		return err
	}
	copyAttributes(out, from)
	return nil
}

// copyAttributes copies extended attributes as far as the staging file system has them.
func copyAttributes(out *os.File, from string) {
	names := make([]byte, 64<<10)
	n, err := unix.Listxattr(from, names)
	if err != nil {
		return
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		value := make([]byte, 64<<10)
		if n, err := unix.Getxattr(from, name, value); err == nil {
			_ = unix.Fsetxattr(int(out.Fd()), name, value[:n], 0)
		}
	}
}

func removeSQLite(name string) (err error) {
	for _, side := range []string{"", "-journal", "-wal", "-shm"} {
		if gone := os.Remove(name + side); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

func openSQLite(name, options string) (*sqlite3.SQLiteConn, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open("file:" + (&url.URL{Path: name}).EscapedPath() + "?" + options)
	if err != nil {
		return nil, err
	}
	return conn.(*sqlite3.SQLiteConn), nil
}

func execSQLite(conn *sqlite3.SQLiteConn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.Exec(s, nil); err != nil {
			return err
		}
	}
	return nil
}

// textsSQLite returns the first column of each row. It ends early when the context does.
func textsSQLite(ctx context.Context, conn *sqlite3.SQLiteConn, query string) (texts []string, err error) {
	rows, err := conn.QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return texts, nil
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, fmt.Sprintf("%s", row[0]))
	}
}

func isCode(err error, codes ...sqlite3.ErrNo) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range codes {
		if e.Code == code {
			return true
		}
	}
	return false
}

// explainSQLite makes a sentence of what went wrong.
func explainSQLite(ctx context.Context, from string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("copy %s: %w", from, context.Cause(ctx))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("copy %s: %w", from, err) // it went meanwhile
	}
	if isCode(err, sqlite3.ErrNotADB) {
		return fmt.Errorf("copy %s: %w: %w", from, ErrNotSQLite, err)
	}
	e := &Error{Service: "SQLite", Database: from, Err: err}
	switch {
	case isCode(err, sqlite3.ErrBusy, sqlite3.ErrLocked):
		e.Message = "The database is locked by its app all the time."
		e.Mend = "Choose “pause” or “stop” for this service."
	case isCode(err, sqlite3.ErrFull), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Message = "The disk is full where Keepstead puts the copy for the backup."
		e.Mend = "Free space in Keepstead's data folder, or choose “stop” for this service."
	case errors.Is(err, errDamaged), isCode(err, sqlite3.ErrCorrupt):
		e.Message = "SQLite finds the database damaged: " + sentence(err.Error(), nil)
		e.Mend = "Repair it with sqlite3's .recover, or restore an older snapshot."
	case errors.Is(err, errSwapped):
		e.Message = "The file was replaced while it was copied, or a link lies beside it."
		e.Mend = "Look at its folder, or choose “pause” or “stop” for this service."
	default:
		e.Message = "The copy failed: " + sentence(err.Error(), nil)
		e.Mend = "Choose “pause” or “stop” for this service."
	}
	return e
}
