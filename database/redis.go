package database

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// redisEnter prepares the client: $1 variable of the password, $2 user, $3 port, $4 the server's own settings file. The
// password is in a variable of the container, in KEEPSTEAD_AUTH, or in that file. What follows can call run and use
// $server.
const redisEnter = `
for dir in /opt/bitnami/redis/bin /opt/bitnami/valkey/bin /opt/redis-stack/bin; do if [ -d "$dir" ]; then PATH=$PATH:$dir; fi; done
export PATH
cli= server=
for name in valkey redis keydb; do
	if [ -z "$cli" ] && command -v $name-cli >/dev/null; then cli=$name-cli server=$name-server; fi
done
if [ -z "$cli" ]; then exit 127; fi
REDISCLI_AUTH= port=$3 user=$2
case $1 in
'') ;;
KEEPSTEAD_AUTH) REDISCLI_AUTH=$KEEPSTEAD_AUTH ;;
KEEPSTEAD_FILE) REDISCLI_AUTH=$(sed -n 's/^[[:space:]]*requirepass[[:space:]][[:space:]]*//p' "$4" | tail -n 1 | sed 's/^"\(.*\)"[[:space:]]*$/\1/') ;;
*) REDISCLI_AUTH=$(secret "$1") ;;
esac
if [ -z "$port" ] && [ -r "$4" ]; then port=$(sed -n 's/^[[:space:]]*port[[:space:]][[:space:]]*//p' "$4" | tail -n 1 | tr -dc 0-9); fi
if [ -n "$REDISCLI_AUTH" ]; then export REDISCLI_AUTH; else unset REDISCLI_AUTH; fi
shift 4
run() {
	if [ -n "$user" ]; then set -- --user "$user" "$@"; fi
	"$cli" -h 127.0.0.1 -p "${port:-6379}" "$@" </dev/null
}
`

// redisProbe says what the server is.
const redisProbe = `
answer=$(run PING)
if [ "$answer" != PONG ]; then echo "$answer" >&2; exit 74; fi
run INFO
echo; echo dir:
run CONFIG GET dir
`

// redisDump has the server send a snapshot of itself, as it would to a replica.
const redisDump = `run --rdb -`

// redis is a way into a Redis or Valkey server, and what the server said of itself.
type redis struct {
	*session
	login // user and password only
	file  string
	auth  string // a password from the command line

	kind    model.DatabaseKind
	version string
	dataDir string
	info    map[string]string
}

// redisLogins returns the ways to try: the passwords that the container's makers and people put into its environment,
// its command line and its settings, then none.
func (s *session) redisLogins() []redis {
	words := slices.Concat(s.container.Entrypoint, s.container.Cmd)
	file := ""
	for _, w := range slices.Concat(words, strings.Fields(strings.Join(words, " "))) {
		if strings.HasSuffix(w, ".conf") && strings.HasPrefix(w, "/") && !strings.Contains(w, " ") {
			file = w
		}
	}
	if file == "" {
		file = "/opt/bitnami/" + string(s.server.Kind) + "/etc/" + string(s.server.Kind) + ".conf"
	}
	var all []redis
	add := func(r redis) { r.session, r.file = s, file; all = append(all, r) }
	for _, p := range commandPasswords(s.container) {
		if name := strings.Trim(p, `"'${}`); strings.HasPrefix(p, "$") && isName(name) {
			add(redis{login: login{password: name}})
		} else {
			add(redis{login: login{password: "KEEPSTEAD_AUTH"}, auth: p})
		}
	}
	var names []string
	for name := range s.container.Env {
		base := strings.TrimPrefix(strings.TrimSuffix(name, "_FILE"), "FILE__")
		upper := strings.ToUpper(base)
		if (strings.Contains(upper, "PASS") || strings.HasSuffix(upper, "_AUTH")) && isName(base) && !slices.Contains(names, base) {
			names = append(names, base)
		}
	}
	slices.SortFunc(names, func(a, b string) int { // REDIS_PASSWORD before others
		return strings.Compare(strings.TrimPrefix(a, "REDIS_"), strings.TrimPrefix(b, "REDIS_"))
	})
	for _, name := range names[:min(len(names), 8)] {
		add(redis{login: login{password: name}})
	}
	add(redis{login: login{password: "KEEPSTEAD_FILE"}})
	add(redis{})
	for _, user := range []string{"REDIS_USERNAME", "REDIS_USER", "VALKEY_USERNAME"} {
		if u := s.container.Env[user]; u != "" && u != "default" {
			for _, r := range all {
				r.user = u
				add(r)
			}
			break
		}
	}
	return all
}

// enterRedis finds a way in, and waits for a server that is starting or reads its data.
func (s *session) enterRedis(ctx context.Context) (r *redis, err error) {
	err = s.patiently(ctx, func() (bool, error) {
		r, err = s.tryRedis(ctx)
		return err == nil, err
	})
	return r, err
}

func (s *session) tryRedis(ctx context.Context) (*redis, error) {
	ways := s.redisLogins()
	logins := make([]login, len(ways))
	for i, r := range ways {
		logins[i] = r.login
	}
	var in *redis
	next := 0
	err := s.tryLogins(logins, func(login) (bool, error) {
		r := ways[next]
		next++
		answer, err := r.ask(ctx, r.script(redisProbe, nil))
		if err == nil {
			r.read(answer)
			in = &r
		}
		return err == nil, err
	})
	return in, err
}

func (r *redis) script(text string, args []string) script {
	port := option(r.container.Cmd, "--port")
	for _, name := range []string{"REDIS_PORT_NUMBER", "VALKEY_PORT_NUMBER"} {
		if port == "" {
			port = r.container.Env[name]
		}
	}
	x := script{text: redisEnter + text, args: append([]string{r.password, r.user, port, r.file}, args...)}
	if r.auth != "" {
		x.env = []string{"KEEPSTEAD_AUTH=" + r.auth}
	}
	return x
}

func (r *redis) read(answer string) {
	r.info = map[string]string{}
	info, dir, _ := strings.Cut(answer, "\ndir:\n")
	for line := range strings.SplitSeq(info, "\n") {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			r.info[name] = value
		}
	}
	r.kind, r.version = r.server.Kind, r.info["redis_version"]
	if r.info["server_name"] == "valkey" {
		r.kind, r.version = model.Valkey, r.info["valkey_version"]
	}
	if lines := strings.Split(strings.TrimSpace(dir), "\n"); len(lines) == 2 && lines[0] == "dir" {
		r.dataDir = strings.TrimSpace(lines[1])
	}
}

// lasting counts the keys that have no time to live.
func (r *redis) lasting() int {
	all := 0
	for name, value := range r.info {
		if !strings.HasPrefix(name, "db") || !strings.HasPrefix(value, "keys=") {
			continue
		}
		for field := range strings.SplitSeq(value, ",") {
			what, number, _ := strings.Cut(field, "=")
			n, _ := strconv.Atoi(number)
			switch what {
			case "keys":
				all += n
			case "expires":
				all -= n
			}
		}
	}
	return all
}

// dumpRedis writes one file with all databases of the server, as they are at one moment.
func (s *session) dumpRedis(ctx context.Context, t *target) ([]model.Dump, error) {
	r, err := s.enterRedis(ctx)
	if err != nil {
		return nil, err
	}
	r.server.Version, r.server.Kind = r.version, r.kind
	f, err := t.create("dump.rdb", nil)
	if err != nil {
		return nil, err
	}
	defer f.abandon()
	rdb := newRDB(f)
	defer rdb.abandon()
	x := r.script(redisDump, nil)
	x.stdout = rdb
	if err := r.run(ctx, x); err != nil {
		return nil, err
	}
	d := r.describe("")
	if d.Objects, err = rdb.finish(); err != nil {
		return nil, fmt.Errorf("dump.rdb: %w", err)
	}
	d, err = f.close(d)
	return []model.Dump{d}, err
}

func (s *session) checkRedis(ctx context.Context, dumps []model.Dump) error {
	r, err := s.enterRedis(ctx)
	if err != nil {
		return err
	}
	for _, d := range dumps {
		if found := r.lasting(); d.Objects > 0 && found != d.Objects {
			return r.missing("", "keys without a time to live", d.Objects, found)
		}
	}
	return nil
}

// commandPasswords returns the passwords that stand on a container's command line.
func commandPasswords(c docker.Container) []string {
	var found []string
	lines := [][]string{slices.Concat(c.Entrypoint, c.Cmd)}
	for _, text := range append(slices.Concat(c.Entrypoint, c.Cmd), c.Env["REDIS_ARGS"], c.Env["REDIS_EXTRA_FLAGS"], c.Env["VALKEY_EXTRA_FLAGS"]) {
		if strings.Contains(text, " ") {
			lines = append(lines, commands(text)...)
		}
	}
	for _, words := range lines {
		for _, flag := range []string{"--requirepass", "--masterauth"} {
			if p := option(words, flag); p != "" && !slices.Contains(found, p) {
				found = append(found, p)
			}
		}
	}
	return found
}
