package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/mattn/go-sqlite3"
)

// backupFrom copies a database. One with a log that nobody has open, at a place where Keepstead may only read, cannot be
// opened by SQLite: it is taken as it lies, and opened where the copy is made.
func backupFrom(ctx context.Context, from, to string) (err error) {
	err = backup(ctx, from, to)
	if !isCode(err, sqlite3.ErrCantOpen, sqlite3.ErrReadonly) || accessTo(from) == "rw" {
		return err
	}
	raw := to + ".raw"
	defer func() { err = errors.Join(err, removeSQLite(raw)) }()
	for _, side := range []string{"", "-wal", "-journal"} {
		if err := copyFile(ctx, from+side, raw+side); err != nil && (side == "" || !errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("copy it as it lies: %w", err)
		}
	}
	if _, err := os.Lstat(from + "-shm"); err == nil {
		return fmt.Errorf("copy it as it lies: %w", sqlite3.Error{Code: sqlite3.ErrBusy}) // somebody opened it meanwhile
	}
	return backup(ctx, raw, to)
}

func copyFile(ctx context.Context, from, to string) (err error) {
	in, err := openRegular(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, contextReader{ctx, in})
	return err
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
