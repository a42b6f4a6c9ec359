package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"keepstead/model"
)

// myEnter prepares the client for a login: $1 user, $2 variable of the password, $3 host, $4 port where it is known. What
// follows can call sql and use $dump. A shared env file or somebody's ~/.my.cnf must not lead the tools elsewhere.
const myEnter = `
unset MYSQL_HOST MYSQL_TEST_LOGIN_FILE MYSQL_GROUP_SUFFIX MYSQL_PS1 MARIADB_HOST
for dir in /opt/bitnami/mariadb/bin /opt/bitnami/mysql/bin /opt/rh/*/root/usr/bin; do if [ -d "$dir" ]; then PATH=$PATH:$dir; fi; done
case $1 in '$'*) user=$(secret "${1#?}") ;; *) user=$1 ;; esac
MYSQL_PWD=; if [ -n "$2" ]; then MYSQL_PWD=$(secret "$2"); fi
export PATH MYSQL_PWD HOME=/nonexistent
host=$3 port=$4
shift 4
client=mysql; if command -v mariadb >/dev/null; then client=mariadb; fi
dump=mysqldump; if command -v mariadb-dump >/dev/null; then dump=mariadb-dump; fi
command -v "$client" >/dev/null || exit 127
enter() {
	tool=$1; shift
	if [ -n "$host" ]; then set -- --protocol=tcp --host="$host" --port="${port:-3306}" "$@"; fi
	"$tool" --user="$user" --default-character-set=utf8mb4 --max-allowed-packet=1073741824 "$@"
}
sql() { enter "$client" --batch --skip-column-names --binary-mode "$@"; }
`

// myProbe says what the server is.
const myProbe = `
sql --connect-timeout=20 -e "SELECT VERSION(), @@datadir, @@global.read_only, @@skip_networking, CURRENT_USER()"
sql -e "SHOW GLOBAL STATUS LIKE 'Uptime'"
sql -e 'SELECT COUNT(*) FROM mysql.user' 2>/dev/null || echo 0
if [ -r /proc/1/comm ]; then cat /proc/1/comm; fi
`

// mysql is a way into a MySQL or MariaDB server, and what the server said of itself.
type mysql struct {
	*session
	login
	kind    model.DatabaseKind
	version string
	dataDir string
	// admin says that the login sees the accounts of all others.
	admin    bool
	readOnly bool
	settled  bool // it is not one that its image starts only to fill it
}

// myRootPasswords are the variables that hold an administrator's password.
var myRootPasswords = []string{"MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD", "MARIADB_MASTER_ROOT_PASSWORD", "MYSQL_MASTER_ROOT_PASSWORD"}

// myLogins returns the ways to try: the administrator, then the system users that need no password, then the app's own.
func (s *session) myLogins() []login {
	env := s.container.Env
	has := func(name string) bool { return env[name] != "" || env[name+"_FILE"] != "" || env["FILE__"+name] != "" }
	root := "root"
	for _, name := range []string{"MARIADB_ROOT_USER", "MYSQL_ROOT_USER"} {
		if has(name) {
			root = "$" + name
		}
	}
	var all []login
	for _, host := range []string{"", "127.0.0.1"} {
		for _, password := range myRootPasswords {
			if has(password) {
				all = append(all, login{user: root, password: password, host: host})
			}
		}
	}
	all = append(all, login{user: root}, login{user: "root", exec: "root"}, login{user: "mysql", exec: "mysql"})
	for _, host := range []string{"", "127.0.0.1"} {
		for _, maker := range []string{"MARIADB", "MYSQL"} {
			if has(maker+"_USER") && has(maker+"_PASSWORD") {
				all = append(all, login{user: "$" + maker + "_USER", password: maker + "_PASSWORD", host: host})
			}
		}
	}
	return all
}

// enterMySQL finds a way in, an administrator's if there is one, and waits for a server that is starting.
func (s *session) enterMySQL(ctx context.Context) (m *mysql, err error) {
	err = s.patiently(ctx, func() (bool, error) {
		if m, err = s.tryMySQL(ctx); err != nil {
			return false, err
		}
		return m.settled, nil
	})
	return m, err
}

func (s *session) tryMySQL(ctx context.Context) (best *mysql, err error) {
	var refused error
	err = s.tryLogins(s.myLogins(), func(l login) (bool, error) {
		m := &mysql{session: s, login: l}
		answer, err := m.ask(ctx, m.script(myProbe, nil))
		if errors.Is(err, ErrDenied) && slices.Contains(myRootPasswords, l.password) {
			refused = err
		}
		if err == nil {
			err = m.read(answer)
		}
		if err == nil && (best == nil || m.admin) {
			best = m
		}
		return err == nil && m.admin, err
	})
	if err == nil && !best.admin && refused != nil && s.container.Env["MARIADB_RANDOM_ROOT_PASSWORD"]+s.container.Env["MYSQL_RANDOM_ROOT_PASSWORD"] == "" {
		return nil, s.onlyApp(refused)
	}
	return best, err
}

// onlyApp says that the app's own user gets in and the administrator does not: the app's sees its own databases alone.
func (s *session) onlyApp(refused error) error {
	return &Error{
		Service: s.service(), Err: refused,
		Message: s.server.Kind.Title() + " refuses the administrator's password from the container's environment. The app's own user would see neither accounts nor the databases of others.",
		Mend:    "Set the present administrator's password in the container's environment, or choose “stop” for this service.",
	}
}

func (m *mysql) script(text string, args []string) script {
	l := []string{m.user, m.password, m.host, option(m.container.Cmd, "--port")}
	return script{text: myEnter + text, args: append(l, args...), user: m.exec}
}

func (m *mysql) read(answer string) error {
	lines := strings.Split(strings.TrimSpace(answer), "\n")
	fields := strings.Split(lines[0], "\t")
	if len(lines) < 3 || len(fields) != 5 {
		return fmt.Errorf("the server described itself as %q", clip(answer))
	}
	m.kind = model.MySQL
	if strings.Contains(fields[0], "MariaDB") {
		m.kind = model.MariaDB
	}
	m.version, _, _ = strings.Cut(fields[0], "-")
	m.dataDir = strings.TrimSuffix(fields[1], "/")
	m.readOnly = fields[2] != "0"
	quiet := fields[3] != "0"
	_, up, _ := strings.Cut(lines[1], "\t")
	uptime, err := strconv.Atoi(up)
	if err != nil {
		return fmt.Errorf("the server is up for %q: %w", clip(up), err)
	}
	m.admin = strings.TrimSpace(lines[2]) != "0"
	first := strings.TrimSpace(lines[len(lines)-1])
	m.settled = first == "mariadbd" || first == "mysqld" || time.Duration(uptime)*time.Second >= steadyFor && !quiet || uptime > 60
	return nil
}

// query runs statements and returns the rows, each a list of fields. They must hold no secret.
func (m *mysql) query(ctx context.Context, statements string) ([][]string, error) {
	x := m.script("sql", nil)
	x.stdin = strings.NewReader(statements)
	answer, err := m.ask(ctx, x)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.SplitSeq(strings.TrimSuffix(answer, "\n"), "\n") {
		if line == "" {
			continue
		}
		fields := strings.Split(line, "\t")
		for i := range fields {
			fields[i] = unescape(fields[i])
		}
		rows = append(rows, fields)
	}
	return rows, nil
}

// unescape undoes what the client does to fields in its batch mode.
func unescape(field string) string {
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\0`, "\x00", `\\`, `\`).Replace(field)
}

// backquote makes a name of any text, as MySQL writes it.
func backquote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// myText makes an SQL text of any text, for MySQL.
func myText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\x00", `\0`).Replace(text) + "'"
}
