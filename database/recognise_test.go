package database_test

import (
	"strings"
	"testing"

	"keepstead/database"
	"keepstead/docker"
	"keepstead/model"
)

// layout is a container in short: env as "NAME=value", mounts as "/inside" or "/inside:ro".
type layout struct {
	image  string
	entry  []string
	cmd    []string
	env    []string
	mounts []string
}

func (l layout) container() docker.Container {
	c := docker.Container{Image: l.image, Entrypoint: l.entry, Cmd: l.cmd, Env: map[string]string{}, Running: true, State: "running"}
	for _, e := range l.env {
		name, value, _ := strings.Cut(e, "=")
		c.Env[name] = value
	}
	for _, m := range l.mounts {
		dir, readOnly := strings.CutSuffix(m, ":ro")
		c.Mounts = append(c.Mounts, docker.Mount{Kind: model.MountVolume, Name: "data", Destination: dir, ReadOnly: readOnly})
	}
	return c
}

func words(line string) []string { return strings.Fields(line) }

var entry = []string{"docker-entrypoint.sh"}

func TestRecogniseServers(t *testing.T) {
	t.Parallel()
	const pgdata = "/var/lib/postgresql/data"
	pgEnv := []string{"PG_MAJOR=16", "PG_VERSION=16.4-1.pgdg120+1", "PGDATA=/var/lib/postgresql/data"}
	for name, tt := range map[string]struct {
		layout
		kind    model.DatabaseKind
		dir     string
		mount   string
		version string
	}{
		"postgres": {
			layout{"postgres:16", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4",
		},
		"postgres of a full name": {
			layout{"docker.io/library/postgres:16@sha256:0aaf", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4",
		},
		"postgres 18, whose data moved": {
			layout{
				"docker.io/library/postgres:18", entry, words("postgres"),
				[]string{"PG_MAJOR=18", "PGDATA=/var/lib/postgresql/18/docker"},
				[]string{"/var/lib/postgresql"},
			}, model.Postgres, "/var/lib/postgresql/18/docker", "/var/lib/postgresql", "18",
		},
		"postgres in a folder below its mount": {
			layout{"postgres:15-alpine", entry, words("postgres"), []string{"PGDATA=/var/lib/postgresql/data/pgdata"}, []string{pgdata}}, model.Postgres, pgdata + "/pgdata", pgdata, "",
		},
		"postgres with options alone": {
			layout{"postgres:15", entry, words("-c max_connections=300"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4",
		},
		"postgres through a mirror": {
			layout{"harbor.example.net:8443/dockerhub/library/postgres:14", entry, words("postgres"), nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, "",
		},
		"postgres whose tag moved on": {
			layout{"sha256:4d2f…", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4",
		},
		"postgres by a short id": {
			layout{"3b6645d2c145", entry, words("postgres"), nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, "",
		},
		"postgres behind tini": {
			layout{"my/db", words("/sbin/tini -- docker-entrypoint.sh"), words("postgres -c config_file=/etc/postgresql.conf"), nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, "",
		},
		"postgres built by compose": {
			layout{"backup-db", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4",
		},
		"postgres without a mount": {
			layout{"postgres:16", entry, words("postgres"), pgEnv, nil}, model.Postgres, pgdata, "", "16.4",
		},
		"chainguard": {
			layout{"cgr.dev/chainguard/postgres:latest", words("/var/lib/postgres/initdb/postgresql-entrypoint.sh"), words("postgres"), []string{"PGDATA=/var/lib/postgres/data"}, []string{"/var/lib/postgres/data"}}, model.Postgres, "/var/lib/postgres/data", "/var/lib/postgres/data", "",
		},
		"pgvector":       {layout{"pgvector/pgvector:pg16", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4"},
		"pgvector, old":  {layout{"ankane/pgvector", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4"},
		"pgvecto.rs":     {layout{"tensorchord/pgvecto-rs:pg14-v0.2.0", entry, words("postgres -c shared_preload_libraries=vectors.so"), nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, ""},
		"VectorChord":    {layout{"ghcr.io/tensorchord/vchord-postgres:pg17-v0.3.0", entry, words("postgres"), nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, ""},
		"Immich":         {layout{"ghcr.io/immich-app/postgres:14-vectorchord0.3.0-pgvectors0.2.0", words("/usr/local/bin/immich-docker-entrypoint.sh"), words("postgres -c config_file=/etc/postgresql/postgresql.conf"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4"},
		"TimescaleDB":    {layout{"timescale/timescaledb:latest-pg16", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4"},
		"TimescaleDB HA": {layout{"timescale/timescaledb-ha:pg16", words("/docker-entrypoint.sh"), words("postgres"), []string{"PGDATA=/home/postgres/pgdata/data"}, []string{"/home/postgres/pgdata"}}, model.Postgres, "/home/postgres/pgdata/data", "/home/postgres/pgdata", ""},
		"PostGIS":        {layout{"postgis/postgis:16-3.4", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4"},
		"PostGIS of kartoza": {
			layout{"kartoza/postgis:16-3.4", words("/bin/bash /scripts/docker-entrypoint.sh"), nil, nil, []string{"/var/lib/postgresql"}}, model.Postgres, "/var/lib/postgresql", "/var/lib/postgresql", "",
		},
		"Supabase": {layout{"supabase/postgres:15.8.1.060", entry, words("postgres -c config_file=/etc/postgresql/postgresql.conf -c log_min_messages=fatal"), nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, ""},
		"Citus":    {layout{"citusdata/citus:12.1", entry, words("postgres"), pgEnv, []string{pgdata}}, model.Postgres, pgdata, pgdata, "16.4"},
		"ParadeDB": {layout{"paradedb/paradedb:latest", entry, words("postgres"), pgEnv, []string{"/var/lib/postgresql"}}, model.Postgres, pgdata, "/var/lib/postgresql", "16.4"},
		"Bitnami PostgreSQL": {
			layout{"bitnami/postgresql:16", words("/opt/bitnami/scripts/postgresql/entrypoint.sh"), words("/opt/bitnami/scripts/postgresql/run.sh"), []string{"BITNAMI_APP_NAME=postgresql", "APP_VERSION=16.3.0"}, []string{"/bitnami/postgresql"}}, model.Postgres, "/bitnami/postgresql/data", "/bitnami/postgresql", "16.3.0",
		},
		"Bitnami's old PostgreSQL": {
			layout{"bitnamilegacy/postgresql:15", words("/opt/bitnami/scripts/postgresql/entrypoint.sh"), words("/opt/bitnami/scripts/postgresql/run.sh"), nil, []string{"/bitnami/postgresql"}}, model.Postgres, "/bitnami/postgresql/data", "/bitnami/postgresql", "",
		},
		"Bitnami's under a name of one's own": {
			layout{"registry.lan/infra/pgmain:3", words("/opt/bitnami/scripts/postgresql/entrypoint.sh"), words("/opt/bitnami/scripts/postgresql/run.sh"), []string{"BITNAMI_APP_NAME=postgresql"}, []string{"/bitnami/postgresql"}}, model.Postgres, "/bitnami/postgresql/data", "/bitnami/postgresql", "",
		},
		"Red Hat's PostgreSQL": {
			layout{"registry.redhat.io/rhel9/postgresql-16:1", words("container-entrypoint"), words("run-postgresql"), nil, []string{"/var/lib/pgsql/data"}}, model.Postgres, "/var/lib/pgsql/data", "/var/lib/pgsql/data", "",
		},
		"PostgreSQL of CentOS": {
			layout{"quay.io/sclorg/postgresql-15-c9s", words("container-entrypoint"), words("run-postgresql"), nil, []string{"/var/lib/pgsql/data"}}, model.Postgres, "/var/lib/pgsql/data", "/var/lib/pgsql/data", "",
		},
		"Spilo": {layout{"ghcr.io/zalando/spilo-16:3.3-p1", words("/bin/sh /launch.sh init"), nil, nil, []string{"/home/postgres/pgdata"}}, model.Postgres, "/home/postgres/pgdata", "/home/postgres/pgdata", ""},

		"MariaDB":            {layout{"mariadb:11", entry, words("mariadbd"), []string{"MARIADB_VERSION=1:11.4.3+maria~ubu2404"}, []string{"/var/lib/mysql"}}, model.MariaDB, "/var/lib/mysql", "/var/lib/mysql", "11.4.3"},
		"MariaDB, old":       {layout{"mariadb:10.5", entry, words("mysqld --transaction-isolation=READ-COMMITTED --binlog-format=ROW"), []string{"MARIADB_MAJOR=10.5"}, []string{"/var/lib/mysql"}}, model.MariaDB, "/var/lib/mysql", "/var/lib/mysql", ""},
		"MariaDB, by its id": {layout{"sha256:0dd1…", entry, words("mysqld"), []string{"MARIADB_VERSION=1:10.6.5+maria~focal"}, []string{"/var/lib/mysql"}}, model.MariaDB, "/var/lib/mysql", "/var/lib/mysql", "10.6.5"},
		"MariaDB elsewhere":  {layout{"mariadb:lts", entry, words("mariadbd --datadir=/srv/db"), nil, []string{"/srv"}}, model.MariaDB, "/srv/db", "/srv", ""},
		"MariaDB of linuxserver": {
			layout{"lscr.io/linuxserver/mariadb:latest", words("/init"), nil, []string{"MYSQL_DIR=/config"}, []string{"/config"}}, model.MariaDB, "/config/databases", "/config", "",
		},
		"MariaDB of yobasystems": {layout{"yobasystems/alpine-mariadb:latest", words("/scripts/run.sh"), nil, nil, []string{"/var/lib/mysql"}}, model.MariaDB, "/var/lib/mysql", "/var/lib/mysql", ""},
		"MariaDB of Bitnami": {
			layout{"docker.io/bitnami/mariadb-galera:11", words("/opt/bitnami/scripts/mariadb-galera/entrypoint.sh"), words("/opt/bitnami/scripts/mariadb-galera/run.sh"), nil, []string{"/bitnami/mariadb"}}, model.MariaDB, "/bitnami/mariadb/data", "/bitnami/mariadb", "",
		},
		"MySQL":              {layout{"mysql:8.4", entry, words("mysqld"), []string{"MYSQL_MAJOR=8.4", "MYSQL_VERSION=8.4.2-1.el9"}, []string{"/var/lib/mysql"}}, model.MySQL, "/var/lib/mysql", "/var/lib/mysql", "8.4.2"},
		"MySQL with options": {layout{"mysql:8", entry, words("--character-set-server=utf8mb4 --datadir=/data/mysql"), nil, []string{"/data"}}, model.MySQL, "/data/mysql", "/data", ""},
		"MySQL of Oracle":    {layout{"container-registry.oracle.com/mysql/community-server:8.0", words("/entrypoint.sh"), words("mysqld"), nil, []string{"/var/lib/mysql"}}, model.MySQL, "/var/lib/mysql", "/var/lib/mysql", ""},
		"Percona":            {layout{"percona/percona-server:8.0", words("/docker-entrypoint.sh"), words("mysqld"), []string{"PS_VERSION=8.0.36-28.1"}, []string{"/var/lib/mysql"}}, model.MySQL, "/var/lib/mysql", "/var/lib/mysql", "8.0.36"},
		"MySQL of Red Hat":   {layout{"quay.io/sclorg/mysql-80-c9s", words("container-entrypoint"), words("run-mysqld"), nil, []string{"/var/lib/mysql/data"}}, model.MySQL, "/var/lib/mysql/data", "/var/lib/mysql/data", ""},

		"MongoDB":           {layout{"mongo:7", entry, words("mongod"), []string{"MONGO_MAJOR=7.0", "MONGO_VERSION=7.0.12"}, []string{"/data/db", "/data/configdb"}}, model.MongoDB, "/data/db", "/data/db", "7.0.12"},
		"MongoDB, replica":  {layout{"mongo:6", entry, words("--replSet rs0 --bind_ip_all"), nil, []string{"/data/db"}}, model.MongoDB, "/data/db", "/data/db", ""},
		"MongoDB community": {layout{"mongodb/mongodb-community-server:7.0-ubi8", words("python3 /usr/local/bin/docker-entrypoint.py"), words("mongod"), nil, []string{"/data/db"}}, model.MongoDB, "/data/db", "/data/db", ""},
		"MongoDB by a script": {
			layout{"mongo:5", nil, []string{"/bin/bash", "-c", "openssl rand -base64 756 > /keyfile && chmod 400 /keyfile\nexec docker-entrypoint.sh mongod --replSet rs0 --keyFile /keyfile --dbpath /mnt/db"}, nil, []string{"/mnt"}}, model.MongoDB, "/mnt/db", "/mnt", "",
		},
		"MongoDB of Bitnami": {layout{"bitnami/mongodb:7.0", words("/opt/bitnami/scripts/mongodb/entrypoint.sh"), words("/opt/bitnami/scripts/mongodb/run.sh"), nil, []string{"/bitnami/mongodb"}}, model.MongoDB, "/bitnami/mongodb/data/db", "/bitnami/mongodb", ""},
		"MongoDB of Percona": {layout{"percona/percona-server-mongodb:6.0", words("/entrypoint.sh"), words("mongod"), nil, []string{"/data/db"}}, model.MongoDB, "/data/db", "/data/db", ""},

		"Redis": {layout{"redis:7-alpine", entry, words("redis-server --save 60 1 --loglevel warning"), []string{"REDIS_VERSION=7.2.5"}, []string{"/data"}}, model.Redis, "/data", "/data", "7.2.5"},
		"MongoDB by a shell's arguments": {
			layout{"mongo:7", nil, []string{"bash", "-c", `sleep 1; exec docker-entrypoint.sh "$@"`, "x", "mongod", "--dbpath", "/mnt/db"}, nil, []string{"/mnt"}}, model.MongoDB, "/mnt/db", "/mnt", "",
		},
		"PostgreSQL after a while": {
			layout{"postgres:16", []string{"sh", "-c", `sleep 3; exec /entrypoint.sh "$@"`, "--"}, words("postgres -c max_connections=9"), nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, "",
		},
		"PostgreSQL after a while, options alone": {
			layout{"postgres:16", []string{"sh", "-c", `until curl -f http://vault; do sleep 1; done; exec docker-entrypoint.sh "$@"`, "--"}, nil, nil, []string{pgdata}}, model.Postgres, pgdata, pgdata, "",
		},
		"Bitnami's after a while": {
			layout{
				"bitnami/postgresql:16", nil,
				[]string{"bash", "-c", "sleep 5 && /opt/bitnami/scripts/postgresql/entrypoint.sh /opt/bitnami/scripts/postgresql/run.sh"},
				nil,
				[]string{"/bitnami/postgresql"},
			}, model.Postgres, "/bitnami/postgresql/data", "/bitnami/postgresql", "",
		},
		"Redis by a shell":    {layout{"redis:7", entry, []string{"sh", "-c", `redis-server --requirepass "$REDIS_PASSWORD"`}, nil, []string{"/data"}}, model.Redis, "/data", "/data", ""},
		"Redis with a file":   {layout{"redis:7", entry, words("/usr/local/etc/redis/redis.conf"), nil, []string{"/data"}}, model.Redis, "/data", "/data", ""},
		"Redis Stack":         {layout{"redis/redis-stack:latest", words("/entrypoint.sh"), nil, nil, []string{"/data"}}, model.Redis, "/data", "/data", ""},
		"Redis of Bitnami":    {layout{"bitnami/redis:7.2", words("/opt/bitnami/scripts/redis/entrypoint.sh"), words("/opt/bitnami/scripts/redis/run.sh"), nil, []string{"/bitnami/redis/data"}}, model.Redis, "/bitnami/redis/data", "/bitnami/redis/data", ""},
		"KeyDB":               {layout{"eqalpha/keydb:latest", entry, words("keydb-server /etc/keydb/keydb.conf"), nil, []string{"/data"}}, model.Redis, "/data", "/data", ""},
		"Valkey":              {layout{"docker.io/valkey/valkey:8-bookworm", entry, words("valkey-server"), []string{"VALKEY_VERSION=8.0.1"}, []string{"/data"}}, model.Valkey, "/data", "/data", "8.0.1"},
		"Valkey by old names": {layout{"valkey/valkey:7", entry, words("redis-server"), nil, []string{"/data"}}, model.Valkey, "/data", "/data", ""},
		"Valkey of Bitnami":   {layout{"bitnami/valkey:8.0", words("/opt/bitnami/scripts/valkey/entrypoint.sh"), words("/opt/bitnami/scripts/valkey/run.sh"), nil, []string{"/bitnami/valkey/data"}}, model.Valkey, "/bitnami/valkey/data", "/bitnami/valkey/data", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ok := database.Recognise(tt.container())
			if !ok {
				t.Fatal("not recognised")
			}
			if s.Kind != tt.kind || s.DataDir != tt.dir || s.Mount != tt.mount || s.Version != tt.version {
				t.Errorf("recognised as %s %q in %s on %s, want %s %q in %s on %s (%s)", s.Kind, s.Version, s.DataDir, s.Mount, tt.kind, tt.version, tt.dir, tt.mount, s.Why)
			}
			beside := strings.TrimPrefix(tt.dir, tt.mount)
			if want := tt.mount != "" && beside != "" && beside != "/pgdata" && beside != "/18/docker"; s.Beside() != want {
				t.Errorf("other things beside the data: %v", s.Beside())
			}
			if !s.Dumpable || s.Reason != "" || !strings.HasSuffix(s.Why, ".") {
				t.Errorf("dumpable %v, reason %q, why %q", s.Dumpable, s.Reason, s.Why)
			}
		})
	}
}

func TestRecogniseIsNotFooled(t *testing.T) {
	t.Parallel()
	pgEnv := []string{"PG_MAJOR=16", "PGDATA=/var/lib/postgresql/data"}
	const pgdata, mydata = "/var/lib/postgresql/data", "/var/lib/mysql"
	for name, l := range map[string]layout{
		"postgres-exporter":      {image: "quay.io/prometheuscommunity/postgres-exporter:v0.15", entry: words("/bin/postgres_exporter"), env: []string{"DATA_SOURCE_NAME=postgresql://u:p@db/x"}},
		"postgres_exporter":      {image: "wrouesnel/postgres_exporter", entry: words("/postgres_exporter")},
		"pgAdmin":                {image: "dpage/pgadmin4:8", entry: words("/entrypoint.sh"), mounts: []string{"/var/lib/pgadmin"}},
		"Adminer":                {image: "adminer:4", entry: words("entrypoint.sh docker-php-entrypoint"), cmd: words("php -S [::]:8080 -t /var/www/html")},
		"PostgREST":              {image: "postgrest/postgrest:v12", cmd: words("postgrest")},
		"postgres-meta":          {image: "supabase/postgres-meta:v0.83", entry: entry, cmd: words("node dist/server/server.js")},
		"PostGraphile":           {image: "graphile/postgraphile", entry: words("./cli.js"), cmd: words("-n 0.0.0.0")},
		"pgBouncer":              {image: "edoburu/pgbouncer:1.22", entry: words("/entrypoint.sh"), cmd: words("/usr/bin/pgbouncer /etc/pgbouncer/pgbouncer.ini")},
		"Pgpool":                 {image: "bitnami/pgpool:4", entry: words("/opt/bitnami/scripts/pgpool/entrypoint.sh"), cmd: words("/opt/bitnami/scripts/pgpool/run.sh")},
		"pgweb":                  {image: "sosedoff/pgweb", entry: words("/usr/bin/pgweb --bind=0.0.0.0")},
		"backup of postgres":     {image: "prodrigestivill/postgres-backup-local:16", cmd: words("/init.sh"), env: pgEnv, mounts: []string{"/backups", pgdata}},
		"backup to S3":           {image: "eeshugerman/postgres-backup-s3:16", cmd: words("sh run.sh"), env: []string{"POSTGRES_HOST=db"}},
		"dump in a loop":         {image: "postgres:16", entry: []string{"sh", "-c", "while true; do pg_dump -h db -U app app > /backup/$(date +%F).sql; sleep 86400; done"}, env: pgEnv, mounts: []string{"/backup", pgdata}},
		"dump by a script":       {image: "postgres:16", entry: entry, cmd: words("bash /scripts/pg-backup.sh"), env: pgEnv, mounts: []string{pgdata}},
		"psql once":              {image: "postgres:16", entry: entry, cmd: words("psql -h db -f /seed.sql"), env: pgEnv, mounts: []string{pgdata}},
		"a shell in postgres":    {image: "postgres:16", entry: entry, cmd: words("bash"), env: pgEnv, mounts: []string{pgdata}},
		"idle by a shell":        {image: "postgres:16", entry: entry, cmd: []string{"sh", "-c", "echo idle; exec sleep infinity"}, env: pgEnv, mounts: []string{pgdata}},
		"idle in a loop":         {image: "postgres:16", entry: []string{"sh", "-c", "while true; do sleep 60; done"}, env: pgEnv, mounts: []string{pgdata}},
		"psql after a while":     {image: "postgres:16", entry: []string{"sh", "-c", `until pg_isready -h db; do sleep 1; done; exec "$@"`, "--"}, cmd: words("psql -h db"), env: pgEnv, mounts: []string{pgdata}},
		"idle in postgres":       {image: "postgres:16", entry: entry, cmd: words("tail -f /dev/null"), env: pgEnv, mounts: []string{pgdata}},
		"reader of the data":     {image: "acme/postgres-looker", entry: words("/run"), env: pgEnv, mounts: []string{pgdata + ":ro"}},
		"volume backup":          {image: "offen/docker-volume-backup:v2", entry: words("/usr/bin/backup -foreground"), mounts: []string{"/backup/data:ro"}},
		"cron in alpine":         {image: "alpine:3", cmd: words("crond -f"), mounts: []string{pgdata}},
		"app with shared env":    {image: "nextcloud:29", entry: words("/entrypoint.sh"), cmd: words("apache2-foreground"), env: []string{"POSTGRES_HOST=db", "POSTGRES_PASSWORD=x", "PGDATA=/var/lib/postgresql/data", "MYSQL_VERSION=8"}, mounts: []string{"/var/www/html"}},
		"app with Redis' env":    {image: "acme/shop", entry: words("/app"), env: []string{"REDIS_VERSION=7", "REDIS_HOST=redis"}, mounts: []string{"/data"}},
		"app named after Redis":  {image: "acme/redis-queue-worker", entry: words("/worker"), mounts: []string{"/data"}},
		"app that waits":         {image: "acme/shop", entry: []string{"sh", "-c", "wait-for-it redis-server:6379 && until mysqladmin ping -h mysqld; do sleep 1; done; exec node server.js"}, mounts: []string{"/data"}},
		"mysqld-exporter":        {image: "prom/mysqld-exporter", entry: words("/bin/mysqld_exporter")},
		"phpMyAdmin":             {image: "phpmyadmin:5", entry: words("/docker-entrypoint.sh"), cmd: words("apache2-foreground")},
		"phpMyAdmin again":       {image: "lscr.io/linuxserver/phpmyadmin", entry: words("/init"), mounts: []string{"/config"}},
		"mysql-client":           {image: "arey/mysql-client", entry: words("mysql")},
		"mysql-cron-backup":      {image: "fradelg/mysql-cron-backup", cmd: words("dockerize -wait tcp://db:3306 /run.sh"), mounts: []string{"/backup"}},
		"databack's backup":      {image: "databack/mysql-backup:1.0", entry: words("/mysql-backup"), mounts: []string{"/db"}},
		"mariadb's backup":       {image: "mariadb:11", entry: entry, cmd: words("mariadb-backup --backup --target-dir=/backup"), env: []string{"MARIADB_VERSION=1:11.4"}, mounts: []string{mydata}},
		"mariadb reads the data": {image: "mariadb:11", entry: words("/copy"), mounts: []string{mydata + ":ro"}},
		"mysqldump":              {image: "schnitzler/mysqldump", entry: words("/usr/local/bin/entrypoint"), cmd: words("crond -f"), mounts: []string{mydata}},
		"MySQL Router":           {image: "mysql/mysql-router:8.0", entry: words("/run.sh"), cmd: words("mysqlrouter")},
		"MaxScale":               {image: "mariadb/maxscale:23", entry: words("/usr/bin/tini --"), cmd: words("docker-entrypoint.sh"), mounts: []string{"/var/lib/maxscale"}},
		"MySQL Workbench":        {image: "lscr.io/linuxserver/mysql-workbench", entry: words("/init"), mounts: []string{"/config"}},
		"PMM":                    {image: "percona/pmm-server:2", entry: words("/opt/entrypoint.sh"), mounts: []string{"/srv"}},
		"XtraBackup":             {image: "percona/percona-xtrabackup:8.0", cmd: words("xtrabackup --backup"), mounts: []string{mydata}},
		"mongo-express":          {image: "mongo-express:1", entry: words("/sbin/tini -- /docker-entrypoint.sh"), cmd: words("mongo-express"), env: []string{"ME_CONFIG_MONGODB_URL=mongodb://u:p@db/"}},
		"mongodb-exporter":       {image: "percona/mongodb_exporter:0.40", entry: words("/mongodb_exporter")},
		"replica's first step":   {image: "mongo:7", entry: entry, cmd: []string{"bash", "-c", "sleep 5; mongosh --host db --eval 'rs.initiate()'"}, env: []string{"MONGO_VERSION=7"}, mounts: []string{"/data/db"}},
		"replica by a script":    {image: "mongo:7", entry: words("/scripts/rs-init.sh"), env: []string{"MONGO_VERSION=7"}, mounts: []string{"/data/db"}},
		"mongos":                 {image: "mongo:7", entry: entry, cmd: words("mongos --configdb cfg/c1"), env: []string{"MONGO_VERSION=7"}, mounts: []string{"/data/db"}},
		"FerretDB":               {image: "ghcr.io/ferretdb/ferretdb:1.24", entry: words("/ferretdb"), mounts: []string{"/state"}},
		"redis-commander":        {image: "ghcr.io/joeferner/redis-commander", entry: words("/usr/bin/dumb-init --"), cmd: words("/redis-commander/docker/entrypoint.sh")},
		"RedisInsight":           {image: "redis/redisinsight:2", entry: words("./docker-entry.sh node redisinsight/api/dist/src/main"), mounts: []string{"/data"}},
		"RedisInsight, old":      {image: "redislabs/redisinsight:1.14", entry: words("bash ./docker-entry.sh"), mounts: []string{"/db"}},
		"redis_exporter":         {image: "oliver006/redis_exporter", entry: words("/redis_exporter")},
		"Sentinel":               {image: "bitnami/redis-sentinel:7", entry: words("/opt/bitnami/scripts/redis-sentinel/entrypoint.sh"), cmd: words("/opt/bitnami/scripts/redis-sentinel/run.sh"), mounts: []string{"/bitnami/redis-sentinel"}},
		"Sentinel by an option":  {image: "redis:7", entry: entry, cmd: words("redis-server /etc/sentinel.conf --sentinel"), mounts: []string{"/data"}},
		"Sentinel by its name":   {image: "redis:7", entry: entry, cmd: words("redis-sentinel /etc/sentinel.conf"), mounts: []string{"/data"}},
		"redis-cli":              {image: "redis:7", entry: entry, cmd: words("redis-cli --cluster create a:6379 b:6379"), mounts: []string{"/data"}},
		"nothing known":          {image: "", mounts: []string{"/data"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, ok := database.Recognise(l.container()); ok {
				t.Errorf("recognised as %s: %s", s.Kind, s.Why)
			}
		})
	}
}

func TestRecogniseWhatCannotBeDumped(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		layout layout
		change func(*docker.Container)
		kind   model.DatabaseKind
		reason string
	}{
		"stopped":    {layout{image: "postgres:16", cmd: words("postgres")}, func(c *docker.Container) { c.Running, c.State = false, "exited" }, model.Postgres, "It is stopped."},
		"paused":     {layout{image: "mysql:8", cmd: words("mysqld")}, func(c *docker.Container) { c.Paused, c.State = true, "paused" }, model.MySQL, "It is paused."},
		"restarting": {layout{image: "redis:7", cmd: words("redis-server")}, func(c *docker.Container) { c.Running, c.State = false, "restarting" }, model.Redis, "It keeps restarting."},
		"Dragonfly":  {layout{image: "docker.dragonflydb.io/dragonflydb/dragonfly", entry: words("entrypoint.sh"), cmd: words("dragonfly --logtostderr"), mounts: []string{"/data"}}, nil, model.Redis, "Dragonfly cannot send a copy of its data as Redis does."},
		"shard":      {layout{image: "mongo:7", entry: entry, cmd: words("mongod --shardsvr --replSet s1")}, nil, model.MongoDB, "It is one part of a sharded cluster, which cannot be dumped part by part."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tt.layout.container()
			if tt.change != nil {
				tt.change(&c)
			}
			s, ok := database.Recognise(c)
			if !ok || s.Kind != tt.kind || s.Dumpable || s.Reason != tt.reason {
				t.Errorf("recognised %v as %s, dumpable %v: %q, want %q", ok, s.Kind, s.Dumpable, s.Reason, tt.reason)
			}
		})
	}
}
