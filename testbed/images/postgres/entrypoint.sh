#!/bin/bash
# Does what the official image's entrypoint does, as far as a backup can see it.
set -eo pipefail

# secret NAME DEFAULT sets NAME from itself or from the file that NAME_FILE names.
secret() {
	local file="${1}_FILE"
	if [ -n "${!1}" ] && [ -n "${!file}" ]; then
		echo >&2 "error: both $1 and $file are set (but are exclusive)"
		exit 1
	fi
	if [ -n "${!file}" ]; then export "$1"="$(<"${!file}")"; else export "$1"="${!1:-$2}"; fi
	unset "$file"
}

initialise() {
	secret POSTGRES_PASSWORD
	secret POSTGRES_USER postgres
	secret POSTGRES_DB "$POSTGRES_USER"
	if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
		echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
		exit 1
	fi
	eval "initdb --username=\"$POSTGRES_USER\" --auth-host=scram-sha-256 --auth-local=trust \
		--pwfile=<(printf '%s\n' \"$POSTGRES_PASSWORD\") $POSTGRES_INITDB_ARGS"
	printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
	# Nobody outside may meet the server that is still being filled.
	pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
	local run=(psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc)
	if [ "$POSTGRES_DB" != postgres ]; then
		"${run[@]}" --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db" ;'
	fi
	local f
	for f in /docker-entrypoint-initdb.d/*; do
		case $f in
		*.sh) if [ -x "$f" ]; then "$f"; else . "$f"; fi ;;
		*.sql) "${run[@]}" --dbname "$POSTGRES_DB" -f "$f" ;;
		*.sql.gz) gunzip -c "$f" | "${run[@]}" --dbname "$POSTGRES_DB" ;;
		esac
	done
	pg_ctl -D "$PGDATA" -m fast -w stop
	echo 'PostgreSQL init process complete; ready for start up.'
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
	if [ "$(id -u)" = 0 ]; then
		mkdir -p "$PGDATA"
		chmod 700 "$PGDATA"
		find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
		chown postgres:postgres /var/run/postgresql
		exec setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all "$BASH_SOURCE" "$@"
	fi
	[ -s "$PGDATA/PG_VERSION" ] || initialise
fi
exec "$@"
