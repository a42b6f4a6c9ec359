package database

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"keepstead/model"
)

// myTables counts what a dump would make in the database.
const myTables = `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = `

// loadMySQL brings back the accounts, the tables of every database, the views, which may need tables of others, and the
// rights, which may name tables.
func (s *session) loadMySQL(ctx context.Context, src *source, dumps []model.Dump) (err error) {
	m, err := s.enterMySQL(ctx)
	if err != nil {
		return err
	}
	if m.readOnly {
		return ErrReadOnly
	}
	back, err := m.widen(ctx)
	if err != nil {
		return err
	}
	defer back(context.WithoutCancel(ctx))
	views := map[string]bool{}
	for _, part := range []func(model.Dump) error{
		func(d model.Dump) error { return m.when(ctx, d.Database == "", src, d, &myFilter{until: myGrants}) },
		func(d model.Dump) error {
			if d.Database == "" {
				return nil
			}
			if _, err := m.query(ctx, "DROP DATABASE IF EXISTS "+backquote(d.Database)+";"); err != nil {
				return fmt.Errorf("drop the present database: %w", err)
			}
			f := &myFilter{until: myViews}
			err := m.feed(ctx, src, d, f)
			views[d.File] = f.met
			return err
		},
		func(d model.Dump) error { return m.when(ctx, views[d.File], src, d, &myFilter{from: myViews}) },
		func(d model.Dump) error { return m.when(ctx, d.Database == "", src, d, &myFilter{from: myGrants}) },
	} {
		for _, d := range dumps {
			if err := part(d); err != nil {
				return m.explain(ctx, "import", d.Database, err)
			}
		}
	}
	return nil
}

func (m *mysql) when(ctx context.Context, is bool, src *source, d model.Dump, f *myFilter) error {
	if !is {
		return nil
	}
	return m.feed(ctx, src, d, f)
}

// widen lets the server take statements as long as its largest row makes them in a dump, and returns what undoes that.
func (m *mysql) widen(ctx context.Context) (back func(context.Context), err error) {
	nothing := func(context.Context) {}
	if !m.admin {
		return nothing, nil
	}
	rows, err := m.query(ctx, "SELECT @@global.max_allowed_packet; SET GLOBAL max_allowed_packet = 1073741824;")
	if err != nil || len(rows) != 1 {
		return nothing, err
	}
	size, err := strconv.ParseInt(rows[0][0], 10, 64)
	if err != nil {
		return nothing, fmt.Errorf("read max_allowed_packet: %w", err)
	}
	return func(ctx context.Context) {
		// Its own default comes back with the next start in any case.
		_, _ = m.query(ctx, fmt.Sprintf("SET GLOBAL max_allowed_packet = %d;", size))
	}, nil
}

// feed sends a part of a dump to the client, which stops at the first error.
func (m *mysql) feed(ctx context.Context, src *source, d model.Dump, f *myFilter) error {
	in, err := src.read(d)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	x := m.script("sql >/dev/null", nil)
	x.stdin = f.over(in)
	return m.run(ctx, x)
}

// myFilter passes a part of a dump on: all until a line, or the settings at the beginning and all from a line on.
type myFilter struct {
	until, from string
	met         bool
	prolog      bool // still before the first database
	rest        bool // in a line longer than the buffer
}

func (f *myFilter) over(in io.Reader) io.Reader {
	f.prolog = true
	return transform(in, f.line, nil)
}

func (f *myFilter) line(w *bufio.Writer, line []byte) error {
	begins := !f.rest
	f.rest = line[len(line)-1] != '\n'
	if begins {
		text := bytes.TrimSuffix(line, []byte("\n"))
		switch {
		case bytes.Equal(text, []byte(f.until)), bytes.Equal(text, []byte(f.from)):
			f.met = f.met || len(text) > 0
		case bytes.HasPrefix(text, []byte(myCurrent)):
			f.prolog = false
		}
	}
	if f.until != "" && !f.met || f.from != "" && (f.met || f.prolog && !strings.HasPrefix(f.from, myGrants)) {
		_, err := w.Write(line)
		return err
	}
	return nil
}

func (s *session) checkMySQL(ctx context.Context, dumps []model.Dump) error {
	m, err := s.enterMySQL(ctx)
	if err != nil {
		return err
	}
	for _, d := range dumps {
		if d.Database == "" {
			continue
		}
		rows, err := m.query(ctx, myTables+myText(d.Database)+";")
		if err != nil || len(rows) != 1 {
			return m.explain(ctx, "check", d.Database, err)
		}
		if found, err := strconv.Atoi(rows[0][0]); err != nil || found != d.Objects {
			return m.missing(d.Database, "tables and views", d.Objects, found)
		}
	}
	return nil
}
