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

const mySecret = "ro0t-ö' \"x"

// myContent fills a server with much of what MariaDB can hold.
const myContent = "SET NAMES utf8mb4;\n" + `
CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; CREATE DATABASE latin CHARACTER SET latin1; CREATE DATABASE empty;
CREATE DATABASE ` + "`we``ird 'na\\me; = /x$(id)`; CREATE DATABASE `-x 日本`" + `; CREATE DATABASE a_views;
CREATE ROLE readers; CREATE USER app@'%' IDENTIFIED BY 'app-pässword' REQUIRE NONE WITH MAX_USER_CONNECTIONS 7;
CREATE USER 'odd ''user'@'10.0.0.%' IDENTIFIED BY 'x' ACCOUNT LOCK;
USE shop;
CREATE TABLE account (id INT PRIMARY KEY, owner VARCHAR(80) NOT NULL, balance DECIMAL(20,2) NOT NULL CHECK (balance >= 0)) ENGINE=InnoDB;
CREATE TABLE transfer (id BIGINT AUTO_INCREMENT PRIMARY KEY, source INT NOT NULL, target INT NOT NULL, amount DECIMAL(20,2), stamped VARCHAR(20),
	FOREIGN KEY (source) REFERENCES account (id), CONSTRAINT tt FOREIGN KEY (target) REFERENCES account (id)) ENGINE=InnoDB;
INSERT INTO account VALUES (1, 'Zoë 日本 😀', 1000000), (2, 'tab\tnewline\nback\\slash\r\nnul\0end', 1000000);
CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, e ENUM('sad','happy ü'), s SET('a','b'), j JSON, b LONGBLOB, t TIMESTAMP, d DATETIME(6), f DOUBLE, g GEOMETRY, twice INT AS (id * 2) VIRTUAL, u CHAR(36) DEFAULT (uuid()), bits BIT(10)) ENGINE=InnoDB;
INSERT INTO kinds (e, s, j, b, t, d, f, g, bits) SELECT 'happy ü', 'a,b', '{"a": ["ü", null]}', UNHEX(MD5(seq)), '2024-02-29 12:00:00', '2024-02-29 12:00:00.123456', 1/(seq+3), POINT(1, seq), b'1010101010' FROM seq_1_to_300;
CREATE TABLE large (id INT PRIMARY KEY, b LONGBLOB) ENGINE=InnoDB; SET GLOBAL max_allowed_packet = 67108864;
CREATE TABLE markers (x TEXT); INSERT INTO markers VALUES ('-- Current Database: ` + "`latin`" + `'), ('\n-- Current Database: ` + "`latin`" + `\n'), ('/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */'), ('-- Dump completed');
CREATE TABLE history (x INT) WITH SYSTEM VERSIONING; INSERT INTO history VALUES (1); UPDATE history SET x = 2; DELETE FROM history;
CREATE SEQUENCE counter START WITH 41 INCREMENT BY 3; SELECT NEXTVAL(counter);
CREATE VIEW rich AS SELECT owner, balance FROM account WHERE balance > 10;
CREATE TABLE big (id INT PRIMARY KEY, filler TEXT) ENGINE=InnoDB; INSERT INTO big SELECT seq, REPEAT(MD5(seq), 30) FROM seq_1_to_20000;
DELIMITER //
CREATE TRIGGER stamp BEFORE INSERT ON transfer FOR EACH ROW BEGIN SET NEW.stamped = 'by ü trigger'; END//
CREATE PROCEDURE move(IN n INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < n DO START TRANSACTION;
	UPDATE account SET balance = balance - 1 WHERE id = 1 + i % 2; UPDATE account SET balance = balance + 1 WHERE id = 2 - i % 2;
	INSERT INTO transfer (source, target, amount) VALUES (1 + i % 2, 2 - i % 2, 1); COMMIT; SET i = i + 1; END WHILE; END//
CREATE FUNCTION greet(n VARCHAR(20)) RETURNS VARCHAR(60) DETERMINISTIC RETURN CONCAT('héllo 😀 ', n)//
CREATE DEFINER=app@'%' PROCEDURE owned() SQL SECURITY DEFINER BEGIN
-- Dump completed
SELECT 1; END//
DELIMITER ;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT 1;
USE latin; CREATE TABLE t (x VARCHAR(20)); INSERT INTO t VALUES ('naïve café ÿ');
USE a_views; CREATE VIEW both_ AS SELECT s.owner, l.x FROM shop.account s JOIN latin.t l; CREATE VIEW twice AS SELECT * FROM both_;
GRANT SELECT, INSERT ON shop.* TO app@'%'; GRANT SELECT (id, owner) ON shop.account TO readers; GRANT readers TO app@'%'; SET DEFAULT ROLE readers FOR app@'%'; GRANT EXECUTE ON PROCEDURE shop.owned TO 'odd ''user'@'10.0.0.%'; GRANT SELECT ON latin.* TO app@'%' WITH GRANT OPTION; FLUSH PRIVILEGES;
`

func (b *bed) mariadb(t *testing.T, name string, args ...string) (docker.Container, database.Server) {
	t.Helper()
	return b.start(t, name, append(args, "-e", "MARIADB_ROOT_PASSWORD="+mySecret, "mariadb:10.11")...)
}

func (b *bed) sql(t *testing.T, name, query string) string {
	t.Helper()
	return b.Pipe(t, query, "exec", "-i", "-e", "MYSQL_PWD="+mySecret, name, "mariadb", "-uroot", "-NB", "--default-character-set=utf8mb4")
}

func TestMariaDBRoundTrip(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.mariadb(t, "source")
	b.sql(t, "source", myContent)
	b.sql(t, "source", "INSERT INTO shop.large VALUES (1, REPEAT('x', 12000000));")
	go func() {
		_, _ = b.Run(t.Context(), "exec", "-e", "MYSQL_PWD="+mySecret, "source", "mariadb", "-uroot", "-e", "CALL shop.move(10000000)")
	}()
	eventually(t, "the writer writes", func() bool { return b.sql(t, "source", "SELECT COUNT(*) > 100 FROM shop.transfer") == "1" })
	// MyISAM's like know no transactions; these tables do not make the others' copy wait for a lock.
	b.sql(t, "source", "ALTER TABLE shop.markers ENGINE=InnoDB")
	dumps := b.dump(t, c, s)
	if now := b.sql(t, "source", "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%' AND user = 'root' AND id <> CONNECTION_ID()"); now == "0" {
		t.Error("the writer ended before the dump: nothing was proven")
	}
	if len(dumps) != 7 || dumps[0].Database != "" || dumps[0].Kind != model.MariaDB || !strings.HasPrefix(dumps[0].Version, "10.11.") {
		t.Fatalf("dumps %+v", dumps)
	}
	for _, d := range dumps {
		if name := filepath.Base(d.File); strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			t.Errorf("%q is no safe name", name)
		}
		if strings.Contains(text(t, d), mySecret) {
			t.Errorf("%s holds a password", d.File)
		}
	}

	to, ts := b.mariadb(t, "target", "-e", "MARIADB_DATABASE=shop")
	b.sql(t, "target", "CREATE TABLE shop.account (other INT); CREATE TABLE shop.stale (x INT); CREATE USER app@'%' IDENTIFIED BY 'other'")
	b.restore(t, to, ts, dumps)
	sameDumps(t, dumps, b.dump(t, to, ts))
	if sum := b.sql(t, "target", "SELECT SUM(balance) FROM shop.account"); sum != "2000000.00" {
		t.Errorf("the balances sum to %s", sum)
	}
	const moved = `SELECT (SELECT balance FROM shop.account WHERE id = 2) - 1000000 = (SELECT COALESCE(SUM(IF(target = 2, amount, -amount)), 0) FROM shop.transfer)`
	if same := b.sql(t, "target", moved); same != "1" {
		t.Error("balances and transfers are from different moments")
	}
	out, err := b.Run(t.Context(), "exec", "-e", "MYSQL_PWD=app-pässword", "target", "mariadb", "-uapp", "-NB", "--default-character-set=utf8mb4", "-e",
		"SELECT x FROM latin.t; SELECT owner FROM shop.account WHERE id = 1")
	if err != nil || out != "naïve café ÿ\nZoë 日本 😀" {
		t.Errorf("the app reads %q, %v", out, err)
	}
	// Once more into the same server, and one database alone.
	b.restore(t, to, ts, dumps)
	b.sql(t, "target", "DROP DATABASE latin")
	for _, d := range dumps {
		if d.Database == "latin" {
			b.restore(t, to, ts, []model.Dump{d})
		}
	}
}

func TestMariaDBOfAnApp(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("from-a-file\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"source", "target"} {
		b.start(t, name, "-e", "MARIADB_RANDOM_ROOT_PASSWORD=1", "-e", "MYSQL_DATABASE=wiki", "-e", "MYSQL_USER=wiki", "-e", "MYSQL_PASSWORD_FILE=/run/secrets/pw",
			"-v", password+":/run/secrets/pw:ro", "mariadb:10.11")
	}
	const fill = "CREATE TABLE page (t TEXT) ENGINE=Aria; INSERT INTO page VALUES ('😀'); CREATE VIEW v AS SELECT * FROM page; CREATE TRIGGER tr BEFORE INSERT ON page FOR EACH ROW SET NEW.t = 'x'"
	b.Docker(t, "exec", "-e", "MYSQL_PWD=from-a-file", "source", "mariadb", "-uwiki", "--default-character-set=utf8mb4", "-e", fill, "wiki")
	c, s := b.look(t, "source")
	to, ts := b.look(t, "target")
	dumps := b.dump(t, c, s)
	if len(dumps) != 1 || dumps[0].Database != "wiki" || dumps[0].Objects != 2 {
		t.Fatalf("dumps %+v", dumps)
	}
	b.restore(t, to, ts, dumps)
	sameDumps(t, dumps, b.dump(t, to, ts))
}

func TestMariaDBBadLuck(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.mariadb(t, "db")
	b.sql(t, "db", "CREATE DATABASE shop; USE shop; CREATE TABLE shop.big (id INT PRIMARY KEY, filler TEXT); INSERT INTO shop.big SELECT seq, REPEAT(MD5(seq), 100) FROM seq_1_to_20000")
	t.Run("disk full", func(t *testing.T) {
		b.refused(t, c, s, testbed.SmallDisk(t, 8<<20), "disk is full", mySecret)
	})
	t.Run("the connection is killed in the middle", func(t *testing.T) {
		dir := t.TempDir()
		killed := false
		_, err := database.Dump(t.Context(), b.engine, b.files, c, s, dir, func(n int64) {
			if n > 8<<20 && !killed {
				killed = true
				b.sql(t, "db", "SELECT CONCAT('KILL ', id, ';') INTO @k FROM information_schema.processlist WHERE info LIKE '%SQL_NO_CACHE%' AND id <> CONNECTION_ID() LIMIT 1; EXECUTE IMMEDIATE @k")
			}
		})
		wantError(t, err, "", mySecret)
		if left := listDir(t, dir); !killed || len(left) > 0 {
			t.Errorf("killed %v, left behind: %v", killed, left)
		}
	})
	t.Run("an emoji in a list of values", func(t *testing.T) {
		b.sql(t, "db", "CREATE TABLE shop.moods (m ENUM('what?', '😀'), n ENUM('?')); INSERT INTO shop.moods VALUES ('what?', '?')")
		b.dump(t, c, s)
		b.sql(t, "db", "INSERT INTO shop.moods (m) VALUES ('😀')")
		b.refused(t, c, s, t.TempDir(), "moods.m", mySecret)
		b.sql(t, "db", "DROP TABLE shop.moods")
	})
	t.Run("read-only", func(t *testing.T) {
		dumps := b.dump(t, c, s)
		b.sql(t, "db", "SET GLOBAL read_only = 1")
		wantError(t, b.tryRestore(t.Context(), c, s, dumps), "read-only", mySecret)
		b.sql(t, "db", "SET GLOBAL read_only = 0")
	})
	t.Run("wrong password", func(t *testing.T) {
		b.sql(t, "db", "ALTER USER root@localhost IDENTIFIED BY 'other'; ALTER USER root@'%' IDENTIFIED BY 'other'")
		start := time.Now()
		b.refused(t, c, s, t.TempDir(), "refuses the user or password", mySecret)
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("it took %v to say so", d)
		}
	})
}

// TestMariaDBWithoutItsAdministrator has an administrator with another password than the container knows: the app's own
// user, who gets in, does not see all that is to be saved.
func TestMariaDBWithoutItsAdministrator(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.start(t, "db", "-e", "MARIADB_ROOT_PASSWORD="+mySecret, "-e", "MARIADB_DATABASE=wiki", "-e", "MARIADB_USER=wiki", "-e", "MARIADB_PASSWORD=app-password", "mariadb:10.11")
	b.dump(t, c, s)
	b.sql(t, "db", "ALTER USER root@localhost IDENTIFIED BY 'other'; ALTER USER root@'%' IDENTIFIED BY 'other'")
	b.refused(t, c, s, t.TempDir(), "refuses the administrator's password", mySecret, "app-password")
}
