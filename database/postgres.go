package database

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// pgEnter prepares libpq for a login: $1 user, $2 variable of the password, $3 host, $4 data folder, $5 port where it is
// known. The server's own file says where it listens. A shared env file must not lead the tools elsewhere.
const pgEnter = `
unset PGHOST PGHOSTADDR PGDATABASE PGSERVICE PGSERVICEFILE PGOPTIONS PGSSLMODE PGPASSFILE PGSYSCONFDIR PGCLIENTENCODING PGTZ PGDATESTYLE PGREQUIREAUTH PGTARGETSESSIONATTRS
for dir in /opt/bitnami/postgresql/bin /usr/lib/postgresql/*/bin; do if [ -d "$dir" ]; then PATH=$PATH:$dir; fi; done
case $1 in '$'*) PGUSER=$(secret "${1#?}") ;; *) PGUSER=$1 ;; esac
PGPASSWORD=; if [ -n "$2" ]; then PGPASSWORD=$(secret "$2"); fi
if [ -n "$5" ]; then PGPORT=$5; fi
if [ -n "$3" ]; then PGHOST=$3; fi
if [ -r "$4/postmaster.pid" ]; then
	PGPORT=$(sed -n 4p "$4/postmaster.pid" 2>/dev/null || true)
	socket=$(sed -n 5p "$4/postmaster.pid" 2>/dev/null || true)
	if [ -z "$3" ] && [ -n "$socket" ]; then PGHOST=$socket; fi
fi
PGCONNECT_TIMEOUT=20
export PATH PGUSER PGPASSWORD PGCONNECT_TIMEOUT PGPORT="${PGPORT:-5432}"
if [ -n "${PGHOST-}" ]; then export PGHOST; fi
shift 5
`

// pgProbe says what the server is, as far as a login without rights may see it, or leaves with 75 while it does not take connections yet.
const pgProbe = `
code=0; pg_isready -q -t 10 -d postgres || code=$?
if [ $code = 1 ] || [ $code = 2 ]; then echo "not ready: the database system is starting up" >&2; exit 75; fi
q="SELECT current_setting('is_superuser'), current_setting('server_version'), (SELECT setting FROM pg_settings WHERE name = 'data_directory'),
	pg_is_in_recovery(), pg_postmaster_start_time()"
psql -wXAtq -F '|' -d dbname=postgres -c "$q" 2>/dev/null || psql -wXAtq -F '|' -d dbname=template1 -c "$q"
if [ -r /proc/1/comm ]; then cat /proc/1/comm; fi
`

// postgres is a way into a server, and what the server said of itself.
type postgres struct {
	*session
	login
	super      bool
	version    string
	dataDir    string
	replica    bool
	generation string // when it was started
	first      string // the name of the container's first process, where it can be seen
}

// logins returns the ways to try, likeliest first: local trust with the superuser's name, then passwords, then the
// system user that owns the server.
func (s *session) logins() []login {
	env := s.container.Env
	has := func(name string) bool { return env[name] != "" || env[name+"_FILE"] != "" || env["FILE__"+name] != "" }
	var users, passwords []string
	if has("POSTGRESQL_POSTGRES_PASSWORD") || has("POSTGRESQL_ADMIN_PASSWORD") {
		users = append(users, "postgres")
	}
	for _, name := range []string{"POSTGRES_USER", "POSTGRESQL_USERNAME", "POSTGRESQL_USER", "PGUSER_SUPERUSER", "PGUSER"} {
		if has(name) {
			users = append(users, "$"+name)
		}
	}
	if strings.Contains(s.container.Image, "supabase") {
		users = append([]string{"supabase_admin"}, users...)
	}
	users = append(users, "postgres")
	for _, name := range []string{
		"POSTGRESQL_POSTGRES_PASSWORD", "POSTGRESQL_ADMIN_PASSWORD", "POSTGRES_POSTGRES_PASSWORD", "POSTGRES_PASSWORD",
		"POSTGRESQL_PASSWORD", "PGPASSWORD_SUPERUSER", "POSTGRES_PASS", "PGPASSWORD",
	} {
		if has(name) {
			passwords = append(passwords, name)
		}
	}
	if len(passwords) == 0 {
		passwords = []string{""}
	}
	var all []login
	for _, host := range []string{"", "127.0.0.1"} {
		for _, u := range users {
			for _, p := range passwords {
				all = append(all, login{user: u, password: p, host: host})
			}
		}
	}
	return append(all, login{user: "postgres", exec: "postgres"})
}

// enterPostgres finds a way in, a superuser's if there is one, and waits for a server that is starting.
func (s *session) enterPostgres(ctx context.Context) (p *postgres, err error) {
	var seen steady
	err = s.patiently(ctx, func() (bool, error) {
		if p, err = s.tryPostgres(ctx); err != nil {
			return false, err
		}
		return p.first == "postgres" || seen.still(p.generation), nil
	})
	return p, err
}

func (s *session) tryPostgres(ctx context.Context) (best *postgres, err error) {
	err = s.tryLogins(s.logins(), func(l login) (bool, error) {
		p := &postgres{session: s, login: l}
		answer, err := p.ask(ctx, p.script(pgProbe, nil))
		if err == nil {
			err = p.read(answer)
		}
		if err == nil && (best == nil || p.super) {
			best = p
		}
		return err == nil && p.super, err
	})
	return best, err
}

// script makes a script that runs with the login. $1 and so on are args.
func (p *postgres) script(text string, args []string) script {
	l := []string{p.user, p.password, p.host, p.server.DataDir, option(p.container.Cmd, "-p")}
	return script{text: pgEnter + text, args: append(l, args...), user: p.exec}
}

func (p *postgres) read(answer string) error {
	line, comm, _ := strings.Cut(strings.TrimSpace(answer), "\n")
	fields := strings.Split(line, "|")
	if len(fields) != 5 {
		return fmt.Errorf("PostgreSQL described itself as %q", clip(answer))
	}
	p.super, p.replica, p.generation = fields[0] == "on", fields[3] == "t", fields[4]
	p.version, _, _ = strings.Cut(fields[1], " ")
	p.dataDir, p.first = fields[2], strings.TrimSpace(comm)
	return nil
}

// query runs one statement in a database and returns the rows, each a list of fields. Neither bytes of names nor of
// fields are changed on the way.
func (p *postgres) query(ctx context.Context, database, statement string) ([][]string, error) {
	x := p.script(`PGCLIENTENCODING=SQL_ASCII psql -wXAtq0 -v ON_ERROR_STOP=1 -F "$(printf '\001')" -d "$1" -c "$2"`, []string{conninfo(database), statement})
	answer, err := p.ask(ctx, x)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for row := range strings.SplitSeq(answer, "\x00") {
		if row = strings.TrimSuffix(row, "\n"); row != "" {
			rows = append(rows, strings.Split(row, "\x01"))
		}
	}
	return rows, nil
}

// number runs a statement whose answer is one number.
func (p *postgres) number(ctx context.Context, database, statement string) (int, error) {
	rows, err := p.query(ctx, database, statement)
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 {
		return 0, fmt.Errorf("the server answered %d rows", len(rows))
	}
	return strconv.Atoi(rows[0][0])
}

// conninfo names a database for libpq, which would take some names for whole connection strings.
func conninfo(database string) string {
	return "dbname='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(database) + "'"
}

// quoteIdent makes an SQL name of any text.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteText makes an SQL text of any text, for PostgreSQL.
func quoteText(text string) string {
	return " E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}
