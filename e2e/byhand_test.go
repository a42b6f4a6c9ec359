package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// With restic and the databases' own clients alone, as docs/docker/databases.md tells it, everything comes back when
// Keepstead is gone.
func TestRestoreByHand(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Everything)
	k, d := serveDocker(t, e, never)
	e.Up(t, p.Dir)
	a := k.awaitApp(p.Name, 10*time.Second, protected)
	fill(t, e, p)
	want := facts(t, e, p.Name, p.Password)
	k.backupApp(a, "success")
	repository, password := d.Path, k.password("Disk")
	k.stop()
	e.Compose(t, p.Dir, "down", "-v")
	if err := os.RemoveAll(filepath.Join(p.Dir, "mariadb")); err != nil {
		t.Fatal(err)
	}

	e.Up(t, p.Dir)
	args := []string{"--no-lock", "latest", "--tag", "app:" + a.ID}
	staging := ""
	files := strings.Split(string(restic(t, repository, password, append([]string{"ls"}, args...)...)), "\n")
	for _, f := range files {
		if strings.HasSuffix(f, "/keepstead-manifest.json") {
			staging = filepath.Dir(f)
		}
	}
	get := func(path string) string {
		return string(restic(t, repository, password, append(append([]string{"dump"}, args...), path)...))
	}
	intoPostgres := []string{"exec", "-i", p.Container("postgres"), "psql", "-q", "-U", "postgres", "-d", "postgres"}
	e.Pipe(t, get(staging+"/databases/postgres/globals.sql"), intoPostgres...)
	intoMariaDB := []string{"exec", "-i", p.Container("mariadb"), "sh", "-c", `MYSQL_PWD="$(cat /run/secrets/db_password)" exec mariadb -u root`}
	users := ""
	for _, f := range files {
		rel, _ := filepath.Rel(staging, f)
		switch dir, name := filepath.Split(rel); {
		case dir == "databases/postgres/" && name != "globals.sql":
			e.Pipe(t, get(f), intoPostgres...)
		case dir == "databases/mariadb/" && name == "users.sql":
			users = get(f)
		case dir == "databases/mariadb/":
			e.Pipe(t, get(f), intoMariaDB...)
		case rel == "databases/valkey/dump.rdb":
			e.Docker(t, "stop", p.Container("valkey"))
			name := filepath.Join(t.TempDir(), "dump.rdb")
			if err := os.WriteFile(name, []byte(get(f)), 0o644); err != nil {
				t.Fatal(err)
			}
			e.Docker(t, "cp", name, p.Container("valkey")+":/data/dump.rdb")
			e.Docker(t, "start", p.Container("valkey"))
		}
	}
	e.Pipe(t, users, intoMariaDB...)
	e.AwaitHealthy(t, p.Dir)
	compareFacts(t, "what was restored by hand", facts(t, e, p.Name, p.Password), want)
}
