package database

import (
	"context"
	"crypto/rand"

	"keepstead/model"
)

// redisLoad reads a snapshot from standard input and starts a second server upon it, which the server then follows as a
// replica until it has everything. That is the one way that works with and without an append-only file, and it replaces
// all that was there at one moment. $1 is the data folder. KEEPSTEAD_IMPORT is the second server's password.
const redisLoad = `
work=$1/.keepstead-import
pid= old= follows=
saved() { run CONFIG GET "$1" | sed -n 2p; }
back() {
	if [ -n "$follows" ]; then
		run REPLICAOF NO ONE >/dev/null
		printf %s "$old" | set_ masterauth
	fi
	if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
	rm -rf "$work"
}
set_() { if [ -n "$user" ]; then "$cli" -p "${port:-6379}" --user "$user" -x CONFIG SET "$1" >/dev/null; else "$cli" -p "${port:-6379}" -x CONFIG SET "$1" >/dev/null; fi; }
second() { REDISCLI_AUTH=$KEEPSTEAD_IMPORT "$cli" -h 127.0.0.1 -p "$other" "$@" </dev/null 2>/dev/null || true; }
nap() { sleep 0.1 2>/dev/null || sleep 1; }
keys() { tr -d '\r' | sed -n 's/^\(db[0-9]*:keys=[0-9]*\).*/\1/p' | sort; }
state() { run INFO "$1" | tr -d '\r' | sed -n "s/^$2://p"; }
trap back EXIT
trap 'exit 143' TERM INT HUP
rm -rf "$work"
(umask 077; mkdir "$work"; cat >"$work/dump.rdb")
modules=$(run MODULE LIST 2>/dev/null | tr -d '\r' | sed -n 's/^ *//; /^path$/{n;s/^ *//;p;}') || modules=
databases=$(saved databases)
other=21000
while :; do
	other=$((other + 37 + $$ % 100))
	{
		printf 'port %s\nbind 127.0.0.1\nrequirepass %s\ndir "%s"\ndbfilename dump.rdb\nlogfile "%s/log"\nsave ""\nappendonly no\n' "$other" "$KEEPSTEAD_IMPORT" "$work" "$work"
		printf 'databases %s\nrepl-diskless-sync-delay 0\nrepl-diskless-sync yes\ndaemonize no\n' "${databases:-16}"
		for m in $modules; do if [ -r "$m" ]; then printf 'loadmodule %s\n' "$m"; fi; done
	} >"$work/conf"
	"$server" "$work/conf" >/dev/null 2>&1 &
	pid=$!
	until [ "$(second PING)" = PONG ]; do
		if ! kill -0 "$pid" 2>/dev/null; then break; fi
		nap
	done
	if kill -0 "$pid" 2>/dev/null; then break; fi
	if [ "$other" -lt 22000 ] && grep -q 'Address already in use\|bind:' "$work/log" 2>/dev/null; then continue; fi
	tail -n 5 "$work/log" >&2
	exit 1
done
old=$(saved masterauth)
follows=yes
printf %s "$KEEPSTEAD_IMPORT" | set_ masterauth
answer=$(run REPLICAOF 127.0.0.1 "$other")
case $answer in OK*) ;; *) echo "$answer" >&2; exit 1 ;; esac
until [ "$(state replication master_link_status)" = up ] && [ "$(state replication master_sync_in_progress)" = 0 ]; do
	if ! kill -0 "$pid" 2>/dev/null; then tail -n 5 "$work/log" >&2; exit 1; fi
	nap
done
tries=0
until [ "$(run INFO keyspace | keys)" = "$(second INFO keyspace | keys)" ]; do
	tries=$((tries + 1))
	if [ $tries -gt 50 ]; then echo "error: the server does not hold as many keys as the dump" >&2; exit 1; fi
	nap
done
answer=$(run REPLICAOF NO ONE)
case $answer in OK*) ;; *) echo "$answer" >&2; exit 1 ;; esac
if [ "$(state persistence aof_enabled)" = 1 ]; then
	until [ "$(state persistence aof_rewrite_in_progress)" = 0 ] && [ "$(state persistence aof_rewrite_scheduled)" = 0 ]; do nap; done
elif [ -n "$(saved save)" ]; then
	run BGSAVE >/dev/null || true
	nap
	until [ "$(state persistence rdb_bgsave_in_progress)" = 0 ]; do nap; done
fi
`

// loadRedis replaces everything on the server by what the dump holds.
func (s *session) loadRedis(ctx context.Context, src *source, dumps []model.Dump) error {
	for _, d := range dumps {
		r, err := s.enterRedis(ctx)
		if err != nil {
			return err
		}
		if r.info["role"] == "slave" {
			return ErrReadOnly
		}
		if r.info["cluster_enabled"] == "1" {
			return &Error{
				Service: s.service(), Message: "It is a node of a cluster, which takes no dump of one node.",
				Mend: "Restore the files of its volume instead.",
			}
		}
		dir := r.dataDir
		if dir == "" {
			dir = "/tmp"
		}
		in, err := src.read(d)
		if err != nil {
			return err
		}
		x := r.script(redisLoad, []string{dir})
		x.env = append(x.env, "KEEPSTEAD_IMPORT="+rand.Text())
		x.stdin = in
		err = r.run(ctx, x)
		_ = in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
