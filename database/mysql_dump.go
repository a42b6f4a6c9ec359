package database

import (
	"context"
	"fmt"
	"strconv"

	"keepstead/model"
)

// myDatabases lists what can be dumped. A folder that is no database, such as lost+found, has a name with #mysql50#.
const myDatabases = `SELECT schema_name FROM information_schema.schemata
	WHERE schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') AND LEFT(schema_name, 9) <> '#mysql50#' ORDER BY schema_name;`

// myLoose counts tables that hold something and know no transactions: only a lock makes their copy consistent.
const myLoose = `SELECT COUNT(*) FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
	WHERE t.table_type = 'BASE TABLE' AND COALESCE(e.transactions, 'NO') = 'NO' AND t.engine NOT IN ('MEMORY', 'BLACKHOLE')
	AND COALESCE(t.table_rows, 1) > 0 AND t.table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys');
	SELECT COUNT(*) FROM information_schema.tables WHERE table_type = 'SYSTEM VERSIONED';`

// myDump writes all databases from one moment. $1 is how, $2 says whether tables have a history; the rest are the names.
const myDump = `
lock=$1 history=$2
shift 2
command -v "$dump" >/dev/null || exit 127
help=$("$dump" --no-defaults --help 2>/dev/null || true)
set -- --databases -- "$@"
case $help in *--set-gtid-purged*) set -- --set-gtid-purged=OFF "$@" ;; esac
case $help in *--column-statistics*) set -- --column-statistics=0 "$@" ;; esac
case $help in *--dump-history*) if [ "$history" != 0 ]; then set -- --dump-history "$@"; fi ;; esac
enter "$dump" "$lock" --quick --routines --events --triggers --hex-blob --no-tablespaces "$@"`

// dumpMySQL writes the accounts where the login sees them, then all databases as they are at one moment.
func (s *session) dumpMySQL(ctx context.Context, t *target) ([]model.Dump, error) {
	m, err := s.enterMySQL(ctx)
	if err != nil {
		return nil, err
	}
	m.server.Version, m.server.Kind = m.version, m.kind
	rows, err := m.query(ctx, myDatabases)
	if err != nil {
		return nil, fmt.Errorf("list the databases: %w", err)
	}
	var dumps []model.Dump
	if m.admin {
		d, err := m.dumpUsers(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("dump the accounts: %w", err)
		}
		dumps = append(dumps, d)
	}
	if len(rows) == 0 {
		return dumps, nil
	}
	if err := m.lossless(ctx); err != nil {
		return nil, err
	}
	lock, history, err := m.lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the tables: %w", err)
	}
	split := &mySplit{target: t}
	args := []string{lock, history}
	for i, row := range rows {
		split.parts = append(split.parts, &myPart{database: row[0], name: safeName(i+1, row[0], ".sql")})
		args = append(args, row[0])
	}
	defer split.abandon()
	x := m.script(myDump, args)
	x.stdout = split
	if err := m.run(ctx, x); err != nil {
		return nil, err
	}
	written, err := split.finish(m.describe)
	return append(dumps, written...), err
}

// lock chooses how the dump becomes consistent: without holding anybody up where all tables know transactions.
func (m *mysql) lock(ctx context.Context) (lock, history string, err error) {
	rows, err := m.query(ctx, myLoose)
	if err != nil {
		return "", "", err
	}
	if len(rows) != 2 {
		return "", "", fmt.Errorf("the server answered %d rows", len(rows))
	}
	lock = "--single-transaction"
	if loose, _ := strconv.Atoi(rows[0][0]); loose > 0 {
		lock = "--lock-tables"
		if m.admin {
			lock = "--lock-all-tables"
		}
	}
	return lock, rows[1][0], nil
}

// myDoubtful lists lists of values in which the server, and with it its dump tool, writes ? for characters that take four
// bytes.
const myDoubtful = `SELECT table_schema, table_name, column_name FROM information_schema.columns
	WHERE data_type IN ('enum', 'set') AND column_type LIKE '%?%' AND table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys');`

// lossless refuses a dump that would lose such values: the rows would come back empty, without any error.
func (m *mysql) lossless(ctx context.Context) error {
	rows, err := m.query(ctx, myDoubtful)
	if err != nil {
		return fmt.Errorf("look at the columns: %w", err)
	}
	for _, row := range rows {
		column, table := backquote(row[2]), backquote(row[0])+"."+backquote(row[1])
		lost, err := m.query(ctx, "SELECT EXISTS (SELECT 1 FROM "+table+" WHERE BINARY CONVERT(CONVERT("+column+" USING utf8mb3) USING utf8mb4) <> BINARY CONVERT("+column+" USING utf8mb4));")
		if err != nil {
			return fmt.Errorf("look at the columns: %w", err)
		}
		if len(lost) == 1 && lost[0][0] == "1" {
			return &Error{
				Service: m.service(), Database: row[0],
				Message: fmt.Sprintf("The list of values of column %s.%s has a character, such as an emoji, that a dump of %s loses.", clip(row[1]), clip(row[2]), m.kind.Title()),
				Mend:    "Make the column a VARCHAR, or choose “stop” for this service.",
			}
		}
	}
	return nil
}
