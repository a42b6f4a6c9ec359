// Package store keeps everything durable in one SQLite file: settings, the queue of jobs and the record of snapshots.
// Reads are nouns (Job, Jobs), writes are verb and noun (CreateJobs). A missing row is model.ErrNotFound, a row in the
// way model.Conflict. Credentials pass through sealed; the store never sees plain text.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"keepstead/model"
)

// databaseFile is the name of the database inside the data directory.
const databaseFile = "keepstead.db"

// Options says how a data directory is opened.
type Options struct {
	// Exclusive takes the directory for this process alone, as the server does. Commands such as `token create` leave
	// it false and work beside a running server.
	Exclusive bool
}

// Store is an open database: one connection that writes, a few that only read.
type Store struct {
	w    *bun.DB
	r    *bun.DB
	lock *os.File // nil when the store is shared
	path string
	log  *slog.Logger
	// writes counts what this process wrote, see Version.
	writes   *atomic.Uint64
	versions *versions // see VersionOf
}

// Open opens the database in dir, makes it where there is none, and brings its schema up to date. With
// Options.Exclusive a second process is refused with ErrInUse.
func Open(ctx context.Context, dir string, o Options, log *slog.Logger) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	s := &Store{path: filepath.Join(dir, databaseFile), log: log, writes: new(atomic.Uint64), versions: newVersions()}
	if err := s.open(ctx, dir, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, dir string, o Options) (err error) {
	if o.Exclusive {
		if s.lock, err = lockDir(dir); err != nil {
			return err
		}
	}
	if err := private(s.path); err != nil {
		return err
	}
	fresh, err := s.migrate(ctx, dir)
	if err != nil {
		return err
	}
	if s.w, err = openWriter(ctx, s.path, s.versions.watch); err != nil {
		return err
	}
	if s.r, err = openReaders(s.path); err != nil {
		return err
	}
	if o.Exclusive || fresh {
		return s.Seed(ctx)
	}
	return nil
}

// private makes the file where it is absent, and its mode 0600, so that SQLite's own files beside it inherit that.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// Close ends all connections and gives the data directory free.
func (s *Store) Close() error {
	var errs []error
	if s.r != nil {
		errs = append(errs, s.r.Close())
	}
	if s.w != nil {
		errs = append(errs, s.w.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// Ping says whether the database can be read and written.
func (s *Store) Ping(ctx context.Context) error {
	if _, err := s.r.ExecContext(ctx, "SELECT count(*) FROM settings"); err != nil {
		return fail("read the database", err)
	}
	return s.writeAside(ctx, "write the database", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM settings WHERE key = ''")
		return err
	})
}

// CopyTo writes a consistent copy of the database to path, mode 0600. The file must not be there yet.
func (s *Store) CopyTo(ctx context.Context, path string) error {
	// VACUUM INTO fills an empty file as it is, so the mode is right before the first byte.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	// A connection of its own: the readers' query_only forbids VACUUM INTO too.
	db := connect(s.path, copyParams, 1, nil)
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	if err = errors.Join(err, db.Close()); err != nil {
		return errors.Join(fail("copy the database", err), os.Remove(path))
	}
	return nil
}

// write runs fn in one transaction of the only connection that writes. fn must use tx alone: the store's other
// methods would wait for that connection for ever.
func (s *Store) write(ctx context.Context, doing string, fn func(ctx context.Context, tx bun.Tx) error) error {
	defer s.writes.Add(1)
	return s.writeAside(ctx, doing, fn)
}

// writeAside is write for what stands in no list: who is signed in, and whether the database can be written.
func (s *Store) writeAside(ctx context.Context, doing string, fn func(ctx context.Context, tx bun.Tx) error) error {
	var changed []string
	defer func() { s.versions.count(changed) }()
	return fail(doing, s.w.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		defer func() { changed = s.versions.take() }()
		return fn(ctx, tx)
	}))
}

// Version changes with every write of this process but those to sessions and tokens. What was read after it was asked
// for holds as long as it is the same.
func (s *Store) Version() uint64 { return s.writes.Load() }

// now is the present as the database keeps it: UTC, in microseconds.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// stamp sets the times of a row that is written now.
func stamp(s *model.Stamps) {
	s.CreatedAt = s.CreatedAt.UTC()
	s.Touch(now())
}
