#!/bin/bash
# Builds the images on an engine of its own: build.sh BASE.tar WORK. The engine's data is left in WORK/data. make.sh runs
# this in a process namespace of its own.
set -euo pipefail
base=$1 work=$2
run=$(mktemp -d /tmp/keepstead-build-XXXXXX) # short: the path of a socket has 108 bytes
trap 'rm -rf "$run"' EXIT

echo '{}' >"$run/config" # not the machine's own settings
dockerd --data-root "$work/data" --exec-root "$run/exec" --pidfile "$run/pid" --host "unix://$run/sock" --config-file "$run/config" \
	--storage-driver overlay2 --bridge none --iptables=false --ip6tables=false --ip-masq=false \
	--exec-opt native.cgroupdriver=cgroupfs >"$work/dockerd.log" 2>&1 &
engine=$!
docker=/usr/bin/docker
[ -x "$docker" ] || docker=$(command -v docker)
d() { DOCKER_HOST=unix://$run/sock DOCKER_BUILDKIT=0 DOCKER_CONFIG=$run "$docker" "$@"; }
for ((n = 0; n < 300; n++)); do
	if d version >/dev/null 2>&1; then break; fi
	if ! kill -0 "$engine" 2>/dev/null; then tail -n 20 "$work/dockerd.log" >&2; exit 1; fi
	sleep 0.1
done

d import - keepstead-test-base <"$base" >/dev/null
build() {
	local folder=$1
	shift
	d build --quiet --network none "${@/#/--tag=}" "$work/images/$folder" >/dev/null
}
build postgres postgres:15
build mariadb mariadb:10.11
build redis redis:7 valkey/valkey:7
build mongo mongo:7
build sqliteapp sqliteapp:1
build webapp webapp:1

d image prune --force >/dev/null
kill -TERM "$engine"
wait "$engine" || true
