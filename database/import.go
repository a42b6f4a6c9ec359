package database

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"keepstead/docker"
	"keepstead/model"
)

// Import brings dumps into a running server and replaces what is there under the same names. Dumps of the whole server,
// with an empty Database, come before the rest. open gives the content of a dump, more than once where that is needed; it is
// compared with the dump's checksum. progress gets the bytes read so far and must not wait. Errors are *Error.
func Import(
	ctx context.Context, e *docker.Engine, c docker.Container, s Server, dumps []model.Dump,
	open func(model.Dump) (io.ReadCloser, error), progress func(bytes int64),
) error {
	if progress == nil {
		progress = func(int64) {}
	}
	ses := newSession(e, c, s)
	ses.fresh = true
	return ses.explain(ctx, "import", "", ses.load(ctx, &source{open: open, progress: progress, again: map[string]bool{}}, dumps))
}

func (s *session) load(ctx context.Context, src *source, dumps []model.Dump) error {
	switch s.server.Kind {
	case model.Postgres:
		return s.loadPostgres(ctx, src, dumps)
	case model.MySQL, model.MariaDB:
		return s.loadMySQL(ctx, src, dumps)
	case model.MongoDB:
		return s.loadMongo(ctx, src, dumps)
	case model.Redis, model.Valkey:
		return s.loadRedis(ctx, src, dumps)
	}
	return fmt.Errorf("no import is known for %s", s.server.Kind)
}

// Check compares a server with the dumps that were imported: every database, and as many objects as the dump holds.
func Check(ctx context.Context, e *docker.Engine, c docker.Container, s Server, dumps []model.Dump) error {
	ses := newSession(e, c, s)
	ses.fresh = true
	return ses.explain(ctx, "check", "", ses.check(ctx, dumps))
}

func (s *session) check(ctx context.Context, dumps []model.Dump) error {
	switch s.server.Kind {
	case model.Postgres:
		return s.checkPostgres(ctx, dumps)
	case model.MySQL, model.MariaDB:
		return s.checkMySQL(ctx, dumps)
	case model.MongoDB:
		return s.checkMongo(ctx, dumps)
	case model.Redis, model.Valkey:
		return s.checkRedis(ctx, dumps)
	}
	return fmt.Errorf("no check is known for %s", s.server.Kind)
}

// missing says that an import brought back something else than the dump holds.
func (s *session) missing(database, what string, want, found int) error {
	return &Error{
		Service: s.service(), Database: database,
		Message: fmt.Sprintf("The dump holds %d %s, but %d are there after the import.", want, what, found),
		Mend:    "Look at the container's log, and restore again.",
	}
}

// WaitReady waits until the server takes connections for good, also after the first start of its image, which may start
// and stop it once before. It gives up after a few minutes.
func WaitReady(ctx context.Context, e *docker.Engine, c docker.Container, s Server) error {
	ses := newSession(e, c, s)
	ses.fresh = true
	return ses.explain(ctx, "start", "", ses.ready(ctx))
}

func (s *session) ready(ctx context.Context) (err error) {
	switch s.server.Kind {
	case model.Postgres:
		_, err = s.enterPostgres(ctx)
	case model.MySQL, model.MariaDB:
		_, err = s.enterMySQL(ctx)
	case model.MongoDB:
		_, err = s.enterMongo(ctx)
	case model.Redis, model.Valkey:
		_, err = s.enterRedis(ctx)
	}
	return err
}

// Confirm asks a running server what it is, after waiting for one that is starting: its version, its data folder, and
// whether it is MySQL or MariaDB, which cannot always be told from outside.
func Confirm(ctx context.Context, e *docker.Engine, c docker.Container, s Server) (Server, error) {
	ses := newSession(e, c, s)
	err := ses.confirm(ctx)
	return ses.server, ses.explain(ctx, "check", "", err)
}

func (s *session) confirm(ctx context.Context) error {
	switch s.server.Kind {
	case model.Postgres:
		p, err := s.enterPostgres(ctx)
		if err != nil {
			return err
		}
		s.server.Version = p.version
		if p.dataDir != "" {
			s.server.DataDir = p.dataDir
		}
	case model.MySQL, model.MariaDB:
		m, err := s.enterMySQL(ctx)
		if err != nil {
			return err
		}
		s.server.Kind, s.server.Version = m.kind, m.version
		if m.dataDir != "" {
			s.server.DataDir = m.dataDir
		}
	case model.MongoDB:
		m, err := s.enterMongo(ctx)
		if err != nil {
			return err
		}
		s.server.Version = m.version
	case model.Redis, model.Valkey:
		r, err := s.enterRedis(ctx)
		if err != nil {
			return err
		}
		s.server.Kind, s.server.Version = r.kind, r.version
		if r.dataDir != "" {
			s.server.DataDir = r.dataDir
		}
	}
	m, _ := mountOf(s.container, s.server.DataDir)
	s.server.Mount = m.Destination
	return nil
}

// source gives the content of dumps, compared with what was written.
type source struct {
	open     func(model.Dump) (io.ReadCloser, error)
	progress func(int64)
	total    int64
	again    map[string]bool // what was read once does not count a second time
}

// read opens a dump. The reader returns ErrCut instead of the end when the content is not what was written.
func (s *source) read(d model.Dump) (io.ReadCloser, error) {
	r, err := s.open(d)
	if err != nil {
		return nil, fmt.Errorf("open the dump %s: %w", d.File, err)
	}
	v := &verified{ReadCloser: r, source: s, dump: d, sum: sha256.New(), again: s.again[d.File]}
	s.again[d.File] = true
	return v, nil
}

type verified struct {
	io.ReadCloser
	source *source
	dump   model.Dump
	sum    hash.Hash
	size   int64
	again  bool
}

// Read reads on.
func (v *verified) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.sum.Write(p[:n])
	v.size += int64(n)
	if !v.again {
		v.source.total += int64(n)
		v.source.progress(v.source.total)
	}
	if errors.Is(err, io.EOF) && (v.size != v.dump.Bytes || hex.EncodeToString(v.sum.Sum(nil)) != v.dump.SHA256) {
		return n, fmt.Errorf("the dump in the snapshot is not the one that was written: %w", ErrCut)
	}
	return n, err
}
