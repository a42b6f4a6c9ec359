package database

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"keepstead/model"
)

// pgDatabases lists what is to be dumped, and whether the login may: not templates, not what is closed to connections, not
// the remains of a DROP DATABASE that was cut off.
const pgDatabases = `SELECT datname, has_database_privilege(datname, 'CONNECT') FROM pg_database
	WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2 ORDER BY datname = 'postgres', datname`

// pgTablespaces lists tablespaces that somebody made, which lie outside of the data folder.
const pgTablespaces = `SELECT spcname, pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY spcname`

// pgDump writes one database. Somebody who changes its structure for minutes makes it fail rather than wait for ever.
const pgDump = `exec pg_dump -w --create --format=plain --lock-wait-timeout=300000 -d "$1"`

// pgGlobals writes roles with their passwords, and tablespaces. Only a superuser may read passwords.
const pgGlobals = `
if [ "$1" = super ]; then exec pg_dumpall -w --globals-only -l "$2"; fi
exec pg_dumpall -w --globals-only --no-role-passwords -l "$2"`

// dumpPostgres writes roles, tablespaces and settings, then each database. Each is consistent in itself.
func (s *session) dumpPostgres(ctx context.Context, t *target) ([]model.Dump, error) {
	p, err := s.enterPostgres(ctx)
	if err != nil {
		return nil, err
	}
	p.server.Version = p.version
	names, err := p.names(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the databases: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("list the databases: %w", ErrDenied)
	}
	if err := p.oneFolder(ctx, names[len(names)-1]); err != nil {
		return nil, err
	}
	kind := "plain"
	if p.super {
		kind = "super"
	}
	globals, err := p.dumpOne(ctx, t, "globals.sql", "", script{text: pgGlobals, args: []string{kind, conninfo(names[len(names)-1])}})
	if err != nil {
		return nil, p.explain(ctx, "dump", "", err)
	}
	settings, err := p.dumpSettings(ctx, t)
	if err != nil {
		return nil, err
	}
	dumps := append([]model.Dump{globals}, settings...)
	for i, name := range names {
		d, err := p.dumpOne(ctx, t, safeName(i+1, name, ".sql"), name, script{text: pgDump, args: []string{conninfo(name)}})
		if err != nil {
			return nil, p.explain(ctx, "dump", name, err)
		}
		dumps = append(dumps, d)
	}
	return dumps, nil
}

func (p *postgres) names(ctx context.Context) ([]string, error) {
	database := "postgres"
	rows, err := p.query(ctx, database, pgDatabases)
	if err != nil {
		rows, err = p.query(ctx, "template1", pgDatabases)
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		if len(row) != 2 || row[1] != "t" {
			return nil, &Error{
				Service: p.service(), Database: row[0], Err: ErrDenied,
				Message: "The user from the container's environment may not connect to this database, so the dump would lack it.",
				Mend:    "Grant it CONNECT, give the container a superuser's password, or choose “stop” for this service.",
			}
		}
		names = append(names, row[0])
	}
	return names, nil
}

// oneFolder refuses a server with tablespaces: their folders are not empty when a dump comes back.
func (p *postgres) oneFolder(ctx context.Context, database string) error {
	rows, err := p.query(ctx, database, pgTablespaces)
	if err != nil {
		return fmt.Errorf("list the tablespaces: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	return &Error{
		Service: p.service(),
		Message: fmt.Sprintf("The tablespace %s lies outside of the data folder, and a dump could not bring it back.", clip(quoteIdent(rows[0][0]))),
		Mend:    "Choose “stop” for this service.",
	}
}

// dumpOne writes one file and believes it only when the tool ended well and the file ends as a whole dump does.
func (p *postgres) dumpOne(ctx context.Context, t *target, name, database string, x script) (model.Dump, error) {
	var scan pgScan
	f, err := t.create(name, scan.line)
	if err != nil {
		return model.Dump{}, err
	}
	defer f.abandon()
	work := p.script(x.text, x.args)
	work.stdout = f
	if err := p.run(ctx, work); err != nil {
		return model.Dump{}, err
	}
	if !scan.whole() || len(f.line) > 0 {
		return model.Dump{}, fmt.Errorf("%s: %w", name, ErrCut)
	}
	d := p.describe(database)
	d.Objects = scan.objects
	return f.close(d)
}

// pgScan watches a plain dump pass by: it counts the relations that the dump makes, and knows its last words.
type pgScan struct {
	copying bool // between COPY … FROM stdin and its \.
	last    [6]string
	objects int
}

var (
	pgCopyBegin = []byte("COPY ")
	pgCopyFrom  = []byte(" FROM stdin;")
	pgCopyEnd   = []byte(`\.`)
	pgEntry     = []byte("-- Name: ")
)

// pgTypes are the entries of a dump that are relations, as the header of each says.
var pgTypes = []string{"TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "FOREIGN TABLE"}

func (s *pgScan) line(line []byte) {
	if s.copying {
		s.copying = !bytes.Equal(line, pgCopyEnd)
		return
	}
	if bytes.HasPrefix(line, pgCopyBegin) && bytes.HasSuffix(line, pgCopyFrom) && s.dataFollows() {
		s.copying = true
		return
	}
	if len(line) == 0 {
		return
	}
	if bytes.HasPrefix(line, pgEntry) && s.last[len(s.last)-1] == "--" {
		if kind, schema, ok := pgHeader(string(line)); ok && slices.Contains(pgTypes, kind) && schema != "_timescaledb_internal" {
			s.objects++
		}
	}
	copy(s.last[:], s.last[1:])
	s.last[len(s.last)-1] = string(line[:min(len(line), 200)])
}

// dataFollows says that the last lines are the header of a table's rows. A body of a function may hold the same COPY.
func (s *pgScan) dataFollows() bool {
	n := len(s.last)
	for n > 3 && strings.HasPrefix(s.last[n-1], "-- load via partition root ") {
		n--
	}
	title := s.last[n-2]
	return s.last[n-1] == "--" && s.last[n-3] == "--" && strings.HasPrefix(title, "-- Data for Name: ") && strings.Contains(title, "; Type: TABLE DATA")
}

// pgHeader takes the header of an entry apart: -- Name: X; Type: TABLE; Schema: public; Owner: Y.
func pgHeader(line string) (kind, schema string, ok bool) {
	at := strings.LastIndex(line, "; Type: ")
	if at < 0 {
		return "", "", false
	}
	fields := strings.Split(line[at+2:], "; ")
	if len(fields) < 2 {
		return "", "", false
	}
	return strings.TrimPrefix(fields[0], "Type: "), strings.TrimPrefix(fields[1], "Schema: "), true
}

// whole says that the dump ended with its last words, and with nothing but the end of newer tools' \restrict after them.
func (s *pgScan) whole() bool {
	words := s.last[:]
	if strings.HasPrefix(words[len(words)-1], `\unrestrict `) {
		words = words[:len(words)-1]
	}
	n := len(words)
	return !s.copying && words[n-1] == "--" && words[n-3] == "--" &&
		(words[n-2] == "-- PostgreSQL database dump complete" || words[n-2] == "-- PostgreSQL database cluster dump complete")
}
