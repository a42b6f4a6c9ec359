package database_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keepstead/database"
	"keepstead/docker"
	"keepstead/testbed"
)

const redisSecret = "r3dis-$ecret"

func (b *bed) redis(t *testing.T, name, password, query string) string {
	t.Helper()
	return b.Pipe(t, query, append(append([]string{"exec", "-i"}, redisAuth(password)...), name, "redis-cli", "--no-auth-warning")...)
}

// redisAuth lets the client in; it stops at a password where none is wanted.
func redisAuth(password string) []string {
	if password == "" {
		return nil
	}
	return []string{"-e", "REDISCLI_AUTH=" + password}
}

// redisContent holds a key of every type; pair:a and pair:b are always changed together.
const redisContent = `SET text "na\xc3\xafve \xf0\x9f\x98\x80\x00\n"
SET number 42
RPUSH list a b c
SADD set 1 2 3
SADD words x y z
ZADD zset 1.5 a -inf b
HSET hash f v g w
XADD stream 1-1 f v
XADD stream 2-1 f v
XGROUP CREATE stream g 0
XREADGROUP GROUP g me COUNT 1 STREAMS stream >
GEOADD geo 13.4 52.5 berlin
PFADD hll a b c
SETBIT bits 4000 1
SET fleeting x EX 100000
FUNCTION LOAD "#!lua name=lib\nredis.register_function('f', function() return 7 end)"
SELECT 3
SET elsewhere here
MSET pair:a 0 pair:b 0
`

func TestRedisRoundTrip(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	conf := filepath.Join(t.TempDir(), "redis.conf")
	if err := os.WriteFile(conf, []byte("requirepass \""+redisSecret+"\"\nsave 3600 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		password string
		args     []string
	}{
		"append-only, by an option": {redisSecret, []string{"redis:7", "redis-server", "--requirepass", redisSecret, "--appendonly", "yes"}},
		"snapshots, by the environment": {redisSecret, []string{
			"-e", "REDIS_PASSWORD=" + redisSecret, "redis:7", "sh", "-c", `exec redis-server --requirepass "$REDIS_PASSWORD" --save 900 1 --enable-debug-command yes`,
		}},
		"by a file, checksum off": {redisSecret, []string{"-v", conf + ":/etc/redis.conf:ro", "valkey/valkey:7", "/etc/redis.conf", "--rdbchecksum", "no"}},
		"without a password":      {"", []string{"valkey/valkey:7", "valkey-server", "--save", "60 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			if !slices.Contains(tt.args, "sh") {
				tt.args = append(tt.args, "--enable-debug-command", "yes")
			}
			slug := strings.Map(func(r rune) rune {
				if r >= 'a' && r <= 'z' {
					return r
				}
				return '-'
			}, name)
			c, s := b.start(t, "source-"+slug, tt.args...)
			b.redis(t, c.Name, tt.password, redisContent)
			b.redis(t, c.Name, tt.password, "DEBUG POPULATE 20000 filler 500")
			go func() {
				_, _ = b.Run(t.Context(), append(append([]string{"exec"}, redisAuth(tt.password)...), c.Name, "sh", "-c",
					`yes "EVAL \"redis.call('INCR','pair:a') return redis.call('INCR','pair:b')\" 0" | redis-cli -n 3 >/dev/null`)...)
			}()
			eventually(t, "the writer writes", func() bool {
				return len(b.redis(t, c.Name, tt.password, "SELECT 3\nGET pair:a\n")) > len("OK\n10")
			})
			dumps := b.dump(t, c, s)
			if len(dumps) != 1 || dumps[0].Objects != 14+20000 || dumps[0].Version != "7.0.15" {
				t.Fatalf("dumps %+v", dumps)
			}
			to, ts := b.start(t, "target-"+slug, tt.args...)
			b.redis(t, to.Name, tt.password, "SET stale x\nSET number 43")
			b.restore(t, to, ts, dumps)
			b.restore(t, to, ts, dumps)
			b.sameRedis(t, to, tt.password)
			// It must survive a restart, and be a server of its own again.
			b.Docker(t, "restart", to.Name)
			to, ts = b.look(t, to.Name)
			if err := database.Check(t.Context(), b.engine, to, ts, dumps); err != nil {
				t.Error(err)
			}
			b.sameRedis(t, to, tt.password)
			b.Docker(t, "rm", "-f", to.Name, c.Name)
		})
	}
}

func (b *bed) sameRedis(t *testing.T, c docker.Container, password string) {
	t.Helper()
	for query, want := range map[string]string{
		"GET number": "42", "EXISTS stale": "0", "LRANGE list 0 -1": "a\nb\nc", "ZSCORE zset b": "-inf", "HGET hash g": "w",
		"XLEN stream": "2", "XPENDING stream g": "1\n1-1\n1-1\nme\n1", "FCALL f 0": "7", "PFCOUNT hll": "3", "TTL text": "-1",
		"GETBIT bits 4000": "1", "GET text": "naïve 😀\x00\n", "SMEMBERS set": "1\n2\n3", "CONFIG GET masterauth": "masterauth\n",
	} {
		if got := b.redis(t, c.Name, password, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	pair := strings.Fields(b.redis(t, c.Name, password, "SELECT 3\nMGET pair:a pair:b"))
	if len(pair) != 3 || pair[1] != pair[2] || pair[1] == "0" {
		t.Errorf("the pair is %q", pair)
	}
	if role := b.redis(t, c.Name, password, "ROLE"); !strings.HasPrefix(role, "master") {
		t.Errorf("the role is %q", role)
	}
	if left := b.Docker(t, "exec", c.Name, "sh", "-c", "ls -A /data | grep keepstead || true"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

func TestRedisBadLuck(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	c, s := b.start(t, "db", "redis:7", "redis-server", "--requirepass", redisSecret)
	const keys = "20000"
	b.redis(t, "db", redisSecret, `EVAL "for i=1,`+keys+` do local v = '' for j=1,40 do v = v .. redis.sha1hex(i..':'..j) end redis.call('SET', i, v) end" 0`)
	t.Run("disk full", func(t *testing.T) {
		b.refused(t, c, s, testbed.SmallDisk(t, 2<<20), "disk is full", redisSecret)
	})
	t.Run("the transfer is cut", func(t *testing.T) {
		dir := t.TempDir()
		cut := false
		_, err := database.Dump(t.Context(), b.engine, b.files, c, s, dir, func(n int64) {
			if n > 1<<20 && !cut {
				cut = true
				b.redis(t, "db", redisSecret, "CLIENT KILL TYPE replica")
			}
		})
		wantError(t, err, "", redisSecret)
		if left := listDir(t, dir); !cut || len(left) > 0 {
			t.Errorf("cut %v, left behind: %v", cut, left)
		}
	})
	t.Run("a damaged dump", func(t *testing.T) {
		dumps := b.dump(t, c, s)
		raw, err := os.ReadFile(dumps[0].File)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/2] ^= 1
		if err := os.WriteFile(dumps[0].File, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		err = b.tryRestore(t.Context(), c, s, dumps)
		wantError(t, err, "too early", redisSecret)
		if !errors.Is(err, database.ErrCut) {
			t.Error(err)
		}
		if n := b.redis(t, "db", redisSecret, "DBSIZE"); n != keys {
			t.Errorf("%s keys are there after an import that was refused", n)
		}
	})
	t.Run("a replica", func(t *testing.T) {
		dumps := b.dump(t, c, s)
		b.redis(t, "db", redisSecret, "REPLICAOF 127.0.0.1 1")
		wantError(t, b.tryRestore(t.Context(), c, s, dumps), "read-only", redisSecret)
		b.redis(t, "db", redisSecret, "REPLICAOF NO ONE")
	})
	t.Run("wrong password", func(t *testing.T) {
		b.redis(t, "db", redisSecret, "CONFIG SET requirepass another")
		b.refused(t, c, s, t.TempDir(), "refuses the user or password", redisSecret)
	})
}
