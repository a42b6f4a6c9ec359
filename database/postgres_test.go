package database_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/database"
	"keepstead/docker"
	"keepstead/model"
	"keepstead/testbed"
)

const pgSecret = "s3cret-ö' x"

// pgContent fills a server with much of what PostgreSQL can hold.
const pgContent = `
ALTER SYSTEM SET work_mem = '9MB'; ALTER SYSTEM SET session_preload_libraries = 'auto_explain', 'pg_stat_statements'; ALTER SYSTEM SET log_line_prefix = '%m ''x\y ';
CREATE ROLE readers; CREATE ROLE "odd ""role'" LOGIN PASSWORD 'pw' VALID UNTIL '2031-01-01' CONNECTION LIMIT 3;
CREATE ROLE app LOGIN PASSWORD 'app-password' IN ROLE readers; ALTER ROLE app SET statement_timeout = '7s'; COMMENT ON ROLE app IS 'the app';
CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0 OWNER app;
CREATE DATABASE "we""ird 'na\me; = /x$(id)" OWNER app; CREATE DATABASE "dbname=postgres"; CREATE DATABASE "-x 🗄️"; CREATE DATABASE "UPPER";
ALTER DATABASE shop SET work_mem = '5MB'; ALTER ROLE app IN DATABASE shop SET search_path = "odd schema", public;
GRANT CONNECT ON DATABASE latin TO readers; REVOKE ALL ON DATABASE "UPPER" FROM PUBLIC;
\c shop
CREATE EXTENSION pg_trgm; CREATE EXTENSION hstore;
CREATE EXTENSION cube; CREATE EXTENSION earthdistance;
CREATE TABLE place (lat float8, lon float8); INSERT INTO place VALUES (52.5, 13.4); CREATE INDEX near ON place USING gist (ll_to_earth(lat, lon));
CREATE SCHEMA "odd schema" AUTHORIZATION app;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy 😀');
CREATE TABLE account (id int PRIMARY KEY, owner text NOT NULL, balance numeric NOT NULL CHECK (balance >= 0));
CREATE TABLE transfer (id bigserial PRIMARY KEY, source int REFERENCES account, target int REFERENCES account, amount numeric, at timestamptz DEFAULT now());
INSERT INTO account VALUES (1, 'Zoë 日本 😀', 1000000), (2, E'tab\tnewline\nback\\slash', 1000000);
CREATE TABLE kinds (id int GENERATED ALWAYS AS IDENTITY, m mood, j jsonb, b bytea, a int[], h hstore, r int4range, d double precision, up int GENERATED ALWAYS AS (1) STORED);
INSERT INTO kinds (m, j, b, a, h, r, d) SELECT 'happy 😀', '{"a": ["ü", null]}', decode(md5(i::text), 'hex'), ARRAY[i, NULL], 'k=>v', '[1,5)', 1.0 / (i + 3) FROM generate_series(1, 500) i;
CREATE TABLE "odd schema"."COPY x FROM stdin;" ("a b" text); INSERT INTO "odd schema"."COPY x FROM stdin;" VALUES (E'\\.'), ('--'), ('-- Name: x; Type: TABLE; Schema: public; Owner: y'), (E'\\restrict x'), (E'\restrict y'), (NULL), ('-- PostgreSQL database dump complete');
CREATE TABLE part (k int, v text) PARTITION BY RANGE (k); CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10); INSERT INTO part VALUES (3, 'three');
CREATE UNLOGGED TABLE fleeting (x int); INSERT INTO fleeting VALUES (1);
CREATE INDEX trgm ON account USING gin (owner gin_trgm_ops);
CREATE VIEW rich AS SELECT owner, balance FROM account WHERE balance > 10; CREATE MATERIALIZED VIEW sums AS SELECT sum(balance) FROM account;
CREATE SEQUENCE counter START 41 INCREMENT 3; SELECT nextval('counter'), nextval('counter');
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.at := coalesce(NEW.at, now()); RETURN NEW; END $f$;
CREATE TRIGGER stamped BEFORE INSERT ON transfer FOR EACH ROW EXECUTE FUNCTION stamp();
ALTER TABLE account ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON account FOR SELECT TO app USING (true);
GRANT SELECT (id, owner) ON account TO readers; GRANT SELECT ON rich TO app WITH GRANT OPTION; ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO readers;
SELECT lo_from_bytea(4711, 'a large object'); COMMENT ON TABLE account IS 'who has what';
CREATE TABLE big (id int, filler text); INSERT INTO big SELECT i, repeat(md5(i::text), 30) FROM generate_series(1, 30000) i;
\c latin
SET client_encoding = 'UTF8'; CREATE TABLE t (x text); INSERT INTO t VALUES ('naïve café ÿ'); GRANT SELECT ON t TO app;
\connect -reuse-previous=on "dbname='we""ird \'na\\me; = /x$(id)'"
CREATE TABLE only_here (x int); INSERT INTO only_here VALUES (42);
`

// pgWriter moves money for a while, each time in one transaction.
const pgWriter = `DO $$ BEGIN FOR i IN 1..10000000 LOOP
	UPDATE account SET balance = balance - 1 WHERE id = 1 + i % 2; UPDATE account SET balance = balance + 1 WHERE id = 2 - i % 2;
	INSERT INTO transfer (source, target, amount) VALUES (1 + i % 2, 2 - i % 2, 1); COMMIT; END LOOP; END $$`

func (b *bed) postgres(t *testing.T, name string, args ...string) (docker.Container, database.Server) {
	t.Helper()
	return b.start(t, name, append(args, "-e", "POSTGRES_PASSWORD="+pgSecret, "-e", "POSTGRES_USER=boss", "-e", "POSTGRES_DB=shop", "postgres:15")...)
}

func (b *bed) psql(t *testing.T, name, db, query string) string {
	t.Helper()
	return b.Docker(t, "exec", name, "psql", "-U", "boss", "-d", db, "-XAtc", query)
}

func TestPostgresRoundTrip(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.postgres(t, "source")
	b.Pipe(t, pgContent, "exec", "-i", "source", "psql", "-U", "boss", "-d", "shop", "-Xq", "-v", "ON_ERROR_STOP=1")
	go func() {
		_, _ = b.Run(t.Context(), "exec", "source", "psql", "-U", "boss", "-d", "shop", "-Xqc", pgWriter)
	}()
	eventually(t, "the writer writes", func() bool { return b.psql(t, "source", "shop", "SELECT count(*) > 100 FROM transfer") == "t" })
	dumps := b.dump(t, c, s)
	if now := b.psql(t, "source", "shop", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'"); now != "1" {
		t.Error("the writer ended before the dump: nothing was proven")
	}
	if len(dumps) != 9 || dumps[0].Database != "" || dumps[0].Kind != model.Postgres || !strings.HasPrefix(dumps[0].Version, "15.") {
		t.Fatalf("dumps %+v", dumps)
	}
	for _, d := range dumps {
		if name := filepath.Base(d.File); strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			t.Errorf("%q is no safe name", name)
		}
	}

	// Where it comes back there are other contents, and somebody is connected to what is replaced.
	to, ts := b.postgres(t, "target", "--tmpfs", "/var/lib/postgresql/data")
	b.psql(t, "target", "shop", "CREATE TABLE account (other int); CREATE ROLE app SUPERUSER; CREATE TABLE stale (x int)")
	go func() {
		_, _ = b.Run(t.Context(), "exec", "target", "psql", "-U", "boss", "-d", "shop", "-c", "SELECT pg_sleep(600)")
	}()
	b.restore(t, to, ts, dumps)
	sameDumps(t, dumps, b.dump(t, to, ts))
	if sum := b.psql(t, "target", "shop", "SELECT sum(balance) FROM account"); sum != "2000000" {
		t.Errorf("the balances sum to %s", sum)
	}
	const moved = `SELECT (SELECT balance FROM account WHERE id = 2) - 1000000 = (SELECT coalesce(sum(CASE target WHEN 2 THEN amount ELSE -amount END), 0) FROM transfer)`
	if same := b.psql(t, "target", "shop", moved); same != "t" {
		t.Error("balances and transfers are from different moments")
	}
	if set := b.psql(t, "target", "latin", "SHOW work_mem; SHOW session_preload_libraries; SHOW log_line_prefix"); set != "9MB\nauto_explain, pg_stat_statements\n%m 'x\\y " {
		t.Errorf("the settings are %q", set)
	}
	if out, err := b.Run(t.Context(), "exec", "-e", "PGPASSWORD=app-password", "target", "psql", "-h", "127.0.0.1", "-U", "app", "-d", "latin", "-XAtc", "SELECT convert_to(x, 'UTF8') FROM t"); err != nil || out != `\x6e61c3af766520636166c3a920c3bf` {
		t.Errorf("the app reads %q, %v", out, err)
	}
	// Once more into the same server, and one database alone.
	b.restore(t, to, ts, dumps)
	b.psql(t, "target", "shop", "DROP TABLE transfer CASCADE")
	b.restore(t, to, ts, dumps[len(dumps)-2:len(dumps)-1])
}

func TestPostgresBadLuck(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.postgres(t, "db")
	b.psql(t, "db", "shop", "CREATE TABLE big (id int, filler text)")
	b.psql(t, "db", "shop", "INSERT INTO big SELECT i, repeat(md5(i::text), 100) FROM generate_series(1, 20000) i")

	t.Run("disk full", func(t *testing.T) {
		b.refused(t, c, s, testbed.SmallDisk(t, 8<<20), "disk is full", pgSecret)
	})
	t.Run("the server is killed in the middle", func(t *testing.T) {
		dir := t.TempDir()
		killed := false
		_, err := database.Dump(t.Context(), b.engine, b.files, c, s, dir, func(n int64) {
			if n > 8<<20 && !killed {
				killed = true
				b.Docker(t, "exec", "db", "sh", "-c", `kill -9 $(ps -e -o pid,args | grep "boss shop .*COPY" | grep -v grep | awk '{print $1}')`)
			}
		})
		wantError(t, err, "", pgSecret)
		if left := listDir(t, dir); !killed || len(left) > 0 {
			t.Errorf("killed %v, left behind: %v", killed, left)
		}
	})
	t.Run("the container is killed in the middle", func(t *testing.T) {
		dir := t.TempDir()
		killed := false
		_, err := database.Dump(t.Context(), b.engine, b.files, c, s, dir, func(n int64) {
			if n > 8<<20 && !killed {
				killed = true
				b.Docker(t, "kill", "db")
			}
		})
		wantError(t, err, "stopped in the middle", pgSecret)
		if left := listDir(t, dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		b.Docker(t, "start", "db")
		c, s = b.look(t, "db")
		if _, err := database.Dump(t.Context(), b.engine, b.files, c, s, t.TempDir(), nil); err != nil { // it waits for the recovery
			t.Fatalf("%v\n%s", err, b.Docker(t, "logs", "db"))
		}
	})
	t.Run("locked", func(t *testing.T) {
		b.Docker(t, "pause", "db")
		defer b.Docker(t, "unpause", "db")
		c, s := b.look(t, "db")
		b.refused(t, c, s, t.TempDir(), "paused")
	})
	t.Run("wrong password", func(t *testing.T) {
		b.Docker(t, "exec", "db", "sh", "-c", `sed -i 's/trust$/scram-sha-256/' $PGDATA/pg_hba.conf && psql -U boss -d shop -c "ALTER ROLE boss PASSWORD 'another'" -c "SELECT pg_reload_conf()"`)
		time.Sleep(time.Second)
		b.refused(t, c, s, t.TempDir(), "refuses the user or password", pgSecret)
	})
}

// TestPostgresThatIsBeingMade dumps a server at once while its image still fills it, which it does on a server of its own
// that it stops again. Its password is in a file, and asked for on the socket too.
func TestPostgresThatIsBeingMade(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"password": pgSecret + "\n",
		"fill.sh":  "#!/bin/bash\nsleep 4\npsql -c 'CREATE TABLE filled (x int)'\nsleep 2\nsed -i 's/trust$/scram-sha-256/' $PGDATA/pg_hba.conf\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.Docker(t, "run", "-d", "--network", "none", "--name", "db", "-e", "POSTGRES_PASSWORD_FILE=/run/secrets/pw", "-v", dir+"/password:/run/secrets/pw:ro",
		"-v", dir+"/fill.sh:/docker-entrypoint-initdb.d/fill.sh:ro", "postgres:15")
	eventually(t, "the first server listens", func() bool {
		_, err := b.Run(t.Context(), "exec", "db", "pg_isready", "-q")
		return err == nil
	})
	c, s := b.look(t, "db")
	dumps := b.dump(t, c, s)
	if len(dumps) != 2 || dumps[1].Database != "postgres" || dumps[1].Objects != 1 {
		t.Errorf("dumps %+v", dumps)
	}
	s, err := database.Confirm(t.Context(), b.engine, c, s)
	if err != nil || !strings.HasPrefix(s.Version, "15.") || s.DataDir != "/var/lib/postgresql/data" || s.Mount != s.DataDir {
		t.Errorf("confirmed %+v, %v", s, err)
	}
}

// TestPostgresSettingsThatTakeARestart brings settings back that a server learns at its start, and then has servers that
// hold something a dump would not bring back.
func TestPostgresSettingsThatTakeARestart(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.postgres(t, "source")
	b.psql(t, "source", "shop", "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements'")
	b.psql(t, "source", "shop", "ALTER SYSTEM SET max_connections = 77")
	dumps := b.dump(t, c, s)
	to, ts := b.postgres(t, "target")
	b.restore(t, to, ts, dumps)
	if set := b.psql(t, "target", "shop", "SHOW max_connections; SHOW shared_preload_libraries"); set != "77\nauto_explain, pg_stat_statements" {
		t.Errorf("the settings are %q", set)
	}
	b.Docker(t, "exec", "source", "sh", "-c", "mkdir /elsewhere && chown postgres /elsewhere")
	b.psql(t, "source", "shop", "CREATE TABLESPACE elsewhere LOCATION '/elsewhere'")
	b.refused(t, c, s, t.TempDir(), "tablespace", pgSecret)
}

func TestPostgresOfAnAppThatMayNotConnect(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.postgres(t, "db")
	for _, statement := range []string{
		"CREATE ROLE boss2 SUPERUSER LOGIN", "CREATE DATABASE closed", "REVOKE ALL ON DATABASE closed FROM PUBLIC", "ALTER DATABASE closed OWNER TO boss2",
	} {
		b.psql(t, "db", "shop", statement)
	}
	b.dump(t, c, s)
	b.Docker(t, "exec", "db", "psql", "-U", "boss2", "-d", "shop", "-Xc", "ALTER ROLE boss NOSUPERUSER")
	b.refused(t, c, s, t.TempDir(), "may not connect", pgSecret)
	b.Docker(t, "exec", "db", "psql", "-U", "boss2", "-d", "shop", "-Xc", "DROP DATABASE closed")
	if dumps := b.dump(t, c, s); len(dumps) != 3 { // without settings, which it may not read
		t.Errorf("dumps %+v", dumps)
	}
}
