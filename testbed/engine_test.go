package testbed_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

func TestEngineRunsWhatItsImagesPromise(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	for _, c := range []struct {
		kind, service string
		args          []string
		want          string
	}{
		{testbed.Postgres, "db", []string{"psql", "-U", "shop", "-Atc", "SELECT count(*) FROM orders"}, "300"},
		{testbed.MariaDB, "db", []string{"sh", "-c", `MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb -N -e "SELECT count(*) FROM wiki.pages"`}, "303"},
		{testbed.Mongo, "db", []string{"bash", "-c", `
			printf 'password: "%s"\n' "$MONGO_INITDB_ROOT_PASSWORD" >/tmp/c
			for n in {1..300}; do echo "{\"_id\": $n, \"name\": \"naïve 日本\"}"; done >/tmp/in
			m() { tool=$1; shift; "mongo$tool" --quiet --config /tmp/c -u root --authenticationDatabase admin "$@"; }
			m import -d app -c things /tmp/in && m dump --archive=/tmp/dump &&
			m restore --drop --nsExclude 'admin.*' --nsFrom 'app.*' --nsTo 'copy.*' --archive=/tmp/dump &&
			m export -d copy -c things | grep -c 日本; mongoexport -d app -c things 2>&1 | grep -o authentication`}, "300\nauthentication"},
		{testbed.Redis, "cache", []string{"redis-cli", "ping"}, "NOAUTH Authentication required.\n"},
		{testbed.SQLite, "app", []string{"sqlite3", "/data/app.db", "PRAGMA journal_mode; SELECT count(*) > 0 FROM items"}, "wal\n1"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			p := testbed.NewProject(t, c.kind)
			e.Up(t, p.Dir)
			if got := e.Docker(t, append([]string{"exec", p.Container(c.service)}, c.args...)...); got != c.want {
				t.Errorf("%s answers %q, not %q", c.service, got, c.want)
			}
			answers(t, p)
			e.Compose(t, p.Dir, "down", "-v")
		})
	}
}

func answers(t *testing.T, p *testbed.Project) {
	t.Helper()
	res, err := http.Get(p.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the web app answers %s", res.Status)
	}
}

func TestEngineIsRestartedUponItsData(t *testing.T) {
	t.Parallel()
	e, other := testbed.NewEngine(t), testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Everything)
	e.Up(t, p.Dir)
	if out := other.Docker(t, "ps", "-aq"); out != "" {
		t.Errorf("two engines are one: %s", out)
	}
	if _, err := os.Stat(filepath.Join(e.Root, "volumes", p.Volume("files"), "_data", "app.db")); err != nil {
		t.Errorf("a volume is not seen from outside: %v", err)
	}
	for _, end := range []func(testing.TB){e.Stop, e.Kill} {
		end(t)
		if _, err := e.Run(t.Context(), "ps"); err == nil {
			t.Fatal("a stopped engine answers")
		}
		e.Start(t)
		e.Up(t, p.Dir)
		answers(t, p)
	}
	if names := e.Docker(t, "ps", "--format", "{{.Names}}"); strings.Count(names, "\n") != 4 {
		t.Errorf("these run: %s", names)
	}
}

func TestVolumesThatAreMountsAreSeen(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	elsewhere := t.TempDir()
	e.Docker(t, "volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device="+elsewhere, "bound")
	e.Docker(t, "volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "memory")
	e.Docker(t, "run", "-d", "--name", "user", "-v", "bound:/a", "-v", "memory:/b", "redis:7", "sh", "-c", "echo one >/a/file; echo two >/b/file; exec sleep 1000")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		one, _ := os.ReadFile(filepath.Join(e.Root, "volumes", "bound", "_data", "file"))
		two, _ := os.ReadFile(filepath.Join(e.Root, "volumes", "memory", "_data", "file"))
		if string(one)+string(two) == "one\ntwo\n" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the volumes hold %q and %q", one, two)
		}
	}
}
