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
