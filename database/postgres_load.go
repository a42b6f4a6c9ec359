package database

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"keepstead/model"
)

// pgLoad feeds standard input to psql, which stops at the first error. $1 is the database to begin in.
const pgLoad = `PGOPTIONS='-c synchronous_commit=off' exec psql -wXq -v ON_ERROR_STOP=1 -d "$1" -f - >/dev/null`

// pgNoPath begins a dump, which names everything in full. But functions in an index or a check may not, such as those of
// earthdistance: without the database's own search path they cannot be computed and the import would end there.
const pgNoPath = "SELECT pg_catalog.set_config('search_path', '', false);"

// pgRelations counts what a dump would make in this database: what belongs to extensions comes with them.
const pgRelations = `SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', '_timescaledb_internal')
	AND n.nspname !~ '^pg_(toast|temp_)'
	AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`

func (s *session) loadPostgres(ctx context.Context, src *source, dumps []model.Dump) error {
	p, err := s.enterPostgres(ctx)
	if err != nil {
		return err
	}
	if p.replica {
		return ErrReadOnly
	}
	for _, whole := range []bool{true, false} {
		for _, d := range dumps {
			if (d.Database == "") != whole {
				continue
			}
			load := p.loadDatabase
			if whole {
				load = p.loadGlobals
			}
			if err := load(ctx, src, d); err != nil {
				return p.explain(ctx, "import", d.Database, err)
			}
			if path.Base(d.File) == pgSettingsFile {
				if p, err = p.restart(ctx); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// loadGlobals brings roles and tablespaces back. Those that are there already are changed to what the dump says.
func (p *postgres) loadGlobals(ctx context.Context, src *source, d model.Dump) error {
	there := map[string]bool{}
	rows, err := p.query(ctx, "template1", "SELECT 'CREATE ROLE ' || quote_ident(rolname) || ';' FROM pg_roles UNION ALL SELECT 'CREATE TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace")
	if err != nil {
		return fmt.Errorf("list the roles: %w", err)
	}
	for _, row := range rows {
		there[row[0]] = true
	}
	keep := func(line []byte) bool {
		text := strings.TrimSuffix(string(line), "\n")
		if tablespace, _, ok := strings.Cut(text, " OWNER "); ok && strings.HasPrefix(text, "CREATE TABLESPACE ") {
			text = tablespace
		}
		return !there[text]
	}
	return p.feed(ctx, src, d, func(w *bufio.Writer, line []byte) error {
		if !keep(line) {
			return nil
		}
		_, err := w.Write(line)
		return err
	}, nil)
}

// loadDatabase replaces one database by its dump.
func (p *postgres) loadDatabase(ctx context.Context, src *source, d model.Dump) error {
	if err := p.drop(ctx, d.Database); err != nil {
		return fmt.Errorf("drop the present database: %w", err)
	}
	f := &pgFilter{}
	return p.feed(ctx, src, d, f.line, f.end)
}

// drop removes a database with its connections.
func (p *postgres) drop(ctx context.Context, database string) error {
	// One that is a template or takes no connections cannot be dropped at once.
	major, _, _ := strings.Cut(p.version, ".")
	force := ""
	if n, _ := strconv.Atoi(major); n >= 13 {
		force = " WITH (FORCE)"
	}
	name := quoteText(database)
	if _, err := p.query(ctx, "template1", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="+name+" AND pid <> pg_backend_pid()"); err != nil && !errors.Is(err, ErrDenied) {
		return err
	}
	_, err := p.query(ctx, "template1", "DROP DATABASE IF EXISTS "+quoteIdent(database)+force)
	return err
}

// feed sends a dump to psql line by line, changed by change; end may add something.
func (p *postgres) feed(
	ctx context.Context, src *source, d model.Dump, change func(w *bufio.Writer, line []byte) error, end func(w *bufio.Writer) error,
) error {
	in, err := src.read(d)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	x := p.script(pgLoad, []string{conninfo("template1")})
	x.stdin = transform(in, change, end)
	return p.run(ctx, x)
}

// transform passes a text on line by line. Of lines longer than its buffer, change sees the pieces.
func transform(in io.Reader, change func(w *bufio.Writer, line []byte) error, end func(w *bufio.Writer) error) io.Reader {
	return &transformed{in: bufio.NewReaderSize(in, 256<<10), change: change, end: end}
}

type transformed struct {
	in     *bufio.Reader
	change func(w *bufio.Writer, line []byte) error
	end    func(w *bufio.Writer) error
	out    bytes.Buffer
	done   error
}

// Read returns the next of the changed text.
func (t *transformed) Read(p []byte) (int, error) {
	for t.out.Len() == 0 && t.done == nil {
		t.fill()
	}
	if t.out.Len() > 0 {
		return t.out.Read(p)
	}
	return 0, t.done
}

func (t *transformed) fill() {
	const enough = 128 << 10
	w := bufio.NewWriter(&t.out)
	for t.done == nil && t.out.Len() < enough {
		line, err := t.in.ReadSlice('\n')
		if len(line) > 0 {
			t.done = t.change(w, line)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) && t.end != nil && t.done == nil {
				t.done = t.end(w)
			}
			if t.done == nil {
				t.done = err
			}
		}
	}
	_ = w.Flush() // into memory
}

// pgFilter changes a dump on its way into psql where psql or an extension needs that.
type pgFilter struct {
	scan      pgScan
	rest      bool   // in a line longer than the buffer
	restrict  string // the key of \restrict
	timescale string // the schema of TimescaleDB's functions
}

func (f *pgFilter) line(w *bufio.Writer, line []byte) error {
	begins := !f.rest
	f.rest = line[len(line)-1] != '\n'
	if begins && !f.scan.copying {
		text := bytes.TrimSuffix(line, []byte("\n"))
		// Newer tools put these, with one key, around what they write; an older psql stops at them.
		if key, ok := bytes.CutPrefix(text, []byte(`\restrict `)); ok && (f.restrict == "" || f.restrict == string(key)) {
			f.restrict = string(key)
			return nil
		}
		if key, ok := bytes.CutPrefix(text, []byte(`\unrestrict `)); ok && string(key) == f.restrict {
			return nil
		}
		if string(text) == pgNoPath {
			return nil
		}
	}
	if _, err := w.Write(line); err != nil {
		return err
	}
	if !begins {
		return nil
	}
	wasCopying := f.scan.copying
	f.scan.line(bytes.TrimSuffix(line, []byte("\n")))
	if schema, ok := strings.CutPrefix(string(line[:min(len(line), 200)]), "CREATE EXTENSION IF NOT EXISTS timescaledb WITH SCHEMA "); ok && !wasCopying {
		f.timescale = strings.TrimSuffix(strings.TrimSpace(schema), ";")
		_, err := fmt.Fprintf(w, "SELECT %s.timescaledb_pre_restore();\n", f.timescale)
		return err
	}
	return nil
}

func (f *pgFilter) end(w *bufio.Writer) error {
	if f.timescale == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nSELECT %s.timescaledb_post_restore();\n", f.timescale)
	return err
}

func (s *session) checkPostgres(ctx context.Context, dumps []model.Dump) error {
	p, err := s.enterPostgres(ctx)
	if err != nil {
		return err
	}
	for _, d := range dumps {
		if d.Database == "" {
			continue
		}
		found, err := p.number(ctx, d.Database, pgRelations)
		if err != nil {
			return p.explain(ctx, "check", d.Database, err)
		}
		if found != d.Objects {
			return p.missing(d.Database, "tables, views and sequences", d.Objects, found)
		}
	}
	return nil
}
