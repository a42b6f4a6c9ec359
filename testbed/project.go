package testbed

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The kinds of projects, which are the folders of testbed/projects.
const (
	Postgres   = "postgres"   // services db and web, with a schema, roles and a second database
	MariaDB    = "mariadb"    // services db and web, likewise
	Mongo      = "mongo"      // services db, without data, and web
	Redis      = "redis"      // services cache and web
	SQLite     = "sqlite"     // services app, which writes without rest, and web
	Everything = "everything" // each database, with secrets, bind mounts, an anonymous volume, two networks, a profile
)

// Project is a compose project on disk.
type Project struct {
	Dir      string // where docker-compose.yml and .env are
	Name     string // of the project; no two have the same
	URL      string // where its service web answers once it is up
	Password string // of its database's first user
}

// NewProject writes a project of the kind, with a name, a password and a port of its own.
func NewProject(t testing.TB, kind string) *Project {
	t.Helper()
	name := kind + strings.ToLower(random(6))
	dir := filepath.Join(t.TempDir(), name)
	check(t, os.CopyFS(dir, os.DirFS(filepath.Join(Root(t), "testbed", "projects", kind))))
	port := publishable(t)
	p := &Project{Dir: dir, Name: name, URL: "http://127.0.0.1:" + port, Password: random(20)}
	write(t, filepath.Join(dir, ".env"), []byte(fmt.Sprintf(
		"COMPOSE_PROJECT_NAME=%s\nDB_PASSWORD=%s\nWIKI_PASSWORD=%s\nWEB_PORT=%s\n", name, p.Password, random(20), port)), 0o600)
	if kind == Everything {
		write(t, filepath.Join(dir, "db_password.txt"), []byte(p.Password), 0o644) // the servers' users read it
	}
	return p
}

// Container returns the name that docker-compose gives the service's one container.
func (p *Project) Container(service string) string { return p.Name + "_" + service + "_1" }

// Volume returns the full name of a volume of the project.
func (p *Project) Volume(name string) string { return p.Name + "_" + name }

// publishable returns a port that is free and stays so while the project is down: not one of those which the kernel
// gives to whoever asks for any.
func publishable(t testing.TB) string {
	t.Helper()
	for range 200 {
		port := strconv.Itoa(20000 + rand.IntN(12000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			check(t, l.Close())
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
