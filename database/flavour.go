package database

import (
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// flavour is what servers of one kind have in common, from every maker.
type flavour struct {
	kind     model.DatabaseKind
	programs []string // names of the server's program
	names    []string // images that are such servers: name, or namespace/name
	words    []string // words of names that are such servers when the data folder is there too
	markers  []string // variables that images of such servers, and few others, have
	app      []string // how Bitnami names it in BITNAMI_APP_NAME
	versions []string // variables that hold the version
	folder   folder
}

// folder says where servers of a kind keep their data.
type folder struct {
	env   []string // variables that name it
	flags []string // options of the program that name it
	known [][2]string
}

// flavours holds every kind of server, with the data folders as {mount, data folder}, the usual one first.
var flavours = []flavour{{
	kind:     model.Postgres,
	programs: []string{"postgres", "postmaster"},
	names: []string{
		"postgres", "postgresql", "postgis", "pgvector", "pgvecto-rs", "timescaledb", "timescaledb-ha", "citus", "paradedb",
		"vchord-postgres", "vchord-suite", "pgroonga", "apache/age", "spilo", "pgautoupgrade", "postgresql-repmgr",
		"crunchy-postgres", "crunchy-postgres-ha", "postgres-ha", "postgres-documentdb", "percona-distribution-postgresql",
		"postgres-ssl", "postgres-pgvector", "pg_cron-postgres", "pgmq", "pg16-pgmq", "pg17-pgmq", "postgres-vectorchord",
	},
	words:    []string{"postgres", "postgresql", "pgsql", "pgvector", "postgis", "timescale", "timescaledb", "pg"},
	markers:  []string{"PG_MAJOR", "PGDATA"},
	app:      []string{"postgresql", "postgresql-repmgr"},
	versions: []string{"PG_VERSION", "PG_MAJOR", "POSTGRESQL_VERSION"},
	folder: folder{
		env:   []string{"PGDATA", "POSTGRESQL_DATA_DIR"},
		flags: []string{"-D", "--pgdata"},
		known: [][2]string{
			{"/var/lib/postgresql/data", "/var/lib/postgresql/data"},
			{"/var/lib/postgresql", "/var/lib/postgresql"},
			{"/bitnami/postgresql", "/bitnami/postgresql/data"},
			{"/home/postgres/pgdata", "/home/postgres/pgdata"},
			{"/var/lib/pgsql/data", "/var/lib/pgsql/data"},
			{"/pgdata", "/pgdata"},
		},
	},
}, {
	kind:     model.MariaDB,
	programs: []string{"mariadbd", "mariadbd-safe"},
	names: []string{
		"mariadb", "mariadb-server", "alpine-mariadb", "mariadb-galera", "mariadb-alpine", "rpi-mariadb", "alpine-mariadb-server",
	},
	words:    []string{"mariadb"},
	markers:  []string{"MARIADB_VERSION"},
	app:      []string{"mariadb", "mariadb-galera"},
	versions: []string{"MARIADB_VERSION"},
	folder: folder{
		flags: []string{"--datadir", "-h"},
		known: [][2]string{
			{"/var/lib/mysql", "/var/lib/mysql"},
			{"/bitnami/mariadb", "/bitnami/mariadb/data"},
			{"/var/lib/mysql/data", "/var/lib/mysql/data"},
			{"/config", "/config/databases"},
		},
	},
}, {
	kind:     model.MySQL,
	programs: []string{"mysqld", "mysqld_safe"},
	names:    []string{"mysql", "mysql-server", "percona", "percona-server", "percona-xtradb-cluster", "mysql/community-server", "mysql/enterprise-server"},
	words:    []string{"mysql", "percona"},
	markers:  []string{"MYSQL_MAJOR", "MYSQL_VERSION", "PERCONA_VERSION", "PERCONA_MAJOR"},
	app:      []string{"mysql"},
	versions: []string{"MYSQL_VERSION", "PERCONA_VERSION", "PS_VERSION"},
	folder: folder{
		flags: []string{"--datadir", "-h"},
		known: [][2]string{
			{"/var/lib/mysql", "/var/lib/mysql"},
			{"/bitnami/mysql", "/bitnami/mysql/data"},
			{"/var/lib/mysql/data", "/var/lib/mysql/data"},
		},
	},
}, {
	kind:     model.MongoDB,
	programs: []string{"mongod"},
	names:    []string{"mongo", "mongodb", "mongodb-community-server", "mongodb-enterprise-server", "mongodb-atlas-local", "percona-server-mongodb", "rpi-mongodb"},
	words:    []string{"mongo", "mongodb"},
	markers:  []string{"MONGO_MAJOR", "MONGO_VERSION"},
	app:      []string{"mongodb", "mongodb-sharded"},
	versions: []string{"MONGO_VERSION"},
	folder: folder{
		flags: []string{"--dbpath"},
		known: [][2]string{{"/data/db", "/data/db"}, {"/bitnami/mongodb", "/bitnami/mongodb/data/db"}, {"/var/lib/mongodb", "/var/lib/mongodb"}},
	},
}, {
	kind:     model.Valkey,
	programs: []string{"valkey-server"},
	names:    []string{"valkey", "valkey-bundle", "valkey-cluster", "valkey-extensions"},
	words:    []string{"valkey"},
	markers:  []string{"VALKEY_DOWNLOAD_URL"},
	app:      []string{"valkey", "valkey-cluster"},
	versions: []string{"VALKEY_VERSION"},
	folder: folder{
		flags: []string{"--dir"},
		known: [][2]string{{"/data", "/data"}, {"/bitnami/valkey/data", "/bitnami/valkey/data"}, {"/bitnami/valkey", "/bitnami/valkey/data"}},
	},
}, {
	kind:     model.Redis,
	programs: []string{"redis-server", "keydb-server", "dragonfly"},
	names:    []string{"redis", "redis-stack", "redis-stack-server", "redismod", "rejson", "redisearch", "redis-cluster", "keydb", "dragonfly", "dragonflydb/dragonfly", "falkordb", "redis-alpine"},
	words:    []string{"redis", "keydb"},
	markers:  []string{"REDIS_DOWNLOAD_URL"},
	app:      []string{"redis", "redis-cluster", "keydb"},
	versions: []string{"REDIS_VERSION"},
	folder: folder{
		flags: []string{"--dir"},
		known: [][2]string{
			{"/data", "/data"},
			{"/bitnami/redis/data", "/bitnami/redis/data"},
			{"/bitnami/redis", "/bitnami/redis/data"},
			{"/var/lib/redis", "/var/lib/redis"},
			{"/var/lib/redis-stack", "/var/lib/redis-stack"},
		},
	},
}}

// flavourOf returns the flavour of a kind that has one.
func flavourOf(kind model.DatabaseKind) *flavour {
	for i := range flavours {
		if flavours[i].kind == kind {
			return &flavours[i]
		}
	}
	return nil
}

// mark returns the variable that gives the server away, empty for none.
func (f *flavour) mark(c docker.Container) string {
	for _, app := range f.app {
		if c.Env["BITNAMI_APP_NAME"] == app {
			return "BITNAMI_APP_NAME"
		}
	}
	for _, name := range f.markers {
		if c.Env[name] != "" {
			return name
		}
	}
	return ""
}

// mounted returns the folder where such servers keep their data, if something that can be written to is mounted there.
func (f *flavour) mounted(c docker.Container) string {
	for _, k := range f.folder.known {
		for _, m := range c.Mounts {
			if !m.ReadOnly && m.Destination == k[0] && k[0] != "/config" {
				return k[0]
			}
		}
	}
	dir := f.named(c, nil)
	if m, ok := mountOf(c, dir); dir != "" && ok && !m.ReadOnly {
		return dir
	}
	return ""
}

// named returns the data folder that the environment or the program's options name.
func (f *flavour) named(c docker.Container, args []string) string {
	for _, flag := range f.folder.flags {
		if dir := option(args, flag); strings.HasPrefix(dir, "/") {
			return dir
		}
	}
	for _, name := range f.folder.env {
		if dir := c.Env[name]; strings.HasPrefix(dir, "/") {
			return dir
		}
	}
	return ""
}

// dataDir returns where the server keeps its data, as far as can be told from outside.
func (f *flavour) dataDir(c docker.Container, args []string) string {
	if dir := f.named(c, args); dir != "" {
		return dir
	}
	for _, k := range f.folder.known {
		for _, m := range c.Mounts {
			if m.Destination == k[0] {
				return k[1]
			}
		}
	}
	return f.folder.known[0][1]
}

// version returns the version that the image's maker put into the environment.
func (f *flavour) version(c docker.Container) string {
	names := f.versions
	if c.Env["BITNAMI_APP_NAME"] != "" {
		names = append([]string{"APP_VERSION"}, names...)
	}
	for _, name := range names {
		v := c.Env[name]
		if _, rest, ok := strings.Cut(v, ":"); ok {
			v = rest // Debian's epoch
		}
		if end := strings.IndexFunc(v, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); end >= 0 {
			v = v[:end]
		}
		if v != "" {
			return v
		}
	}
	return ""
}

// option returns the value of a long or short option of a command line: -D x, -Dx, --dir x, --dir=x.
func option(args []string, name string) string {
	for i, arg := range args {
		switch {
		case arg == name && i+1 < len(args):
			return args[i+1]
		case strings.HasPrefix(arg, name+"="):
			return arg[len(name)+1:]
		case len(name) == 2 && strings.HasPrefix(arg, name) && len(arg) > 2 && arg[1] != '-':
			return arg[2:]
		}
	}
	return ""
}
