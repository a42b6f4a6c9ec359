#!/bin/bash
# Does what the official image's entrypoint does, as far as a backup can see it.
set -eo pipefail

# setting NAME sets MARIADB_NAME from itself, from MYSQL_NAME, or from the file that either with _FILE names.
setting() {
	local own="MARIADB_$1" old="MYSQL_$1" name file value=
	for name in "$own" "$old"; do
		file="${name}_FILE"
		if [ -n "${!file}" ]; then value="$(<"${!file}")"; break; fi
		if [ -n "${!name}" ]; then value="${!name}"; break; fi
	done
	export "$own"="$value"
}

# quoted prints its argument as an SQL text.
quoted() {
	local text=${1//\\/\\\\}
	printf "'%s'" "${text//\'/\\\'}"
}

statements() {
	echo "SET @@SESSION.SQL_LOG_BIN=0; DELETE FROM mysql.global_priv WHERE user='' OR user='mysql' OR host NOT IN ('localhost'); FLUSH PRIVILEGES;"
	echo "ALTER USER root@localhost IDENTIFIED BY $(quoted "$MARIADB_ROOT_PASSWORD");"
	echo "CREATE OR REPLACE USER root@'${MARIADB_ROOT_HOST:-%}' IDENTIFIED BY $(quoted "$MARIADB_ROOT_PASSWORD");"
	echo "GRANT ALL ON *.* TO root@'${MARIADB_ROOT_HOST:-%}' WITH GRANT OPTION;"
	echo "DROP DATABASE IF EXISTS test;"
	[ -z "$MARIADB_DATABASE" ] || echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"
	if [ -n "$MARIADB_USER" ] && [ -n "$MARIADB_PASSWORD" ]; then
		echo "CREATE USER $(quoted "$MARIADB_USER")@'%' IDENTIFIED BY $(quoted "$MARIADB_PASSWORD");"
		[ -z "$MARIADB_DATABASE" ] || echo "GRANT ALL ON \`${MARIADB_DATABASE//_/\\_}\`.* TO $(quoted "$MARIADB_USER")@'%';"
	fi
}

initialise() {
	local name
	for name in ROOT_PASSWORD DATABASE USER PASSWORD; do setting "$name"; done
	if [ -z "$MARIADB_ROOT_PASSWORD" ] && [ -n "$MARIADB_RANDOM_ROOT_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD" ]; then
		MARIADB_ROOT_PASSWORD=$(head -c 24 /dev/urandom | base64)
		echo "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
	fi
	if [ -z "$MARIADB_ROOT_PASSWORD$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD" ]; then
		echo >&2 'error: Database is uninitialized and password option is not specified'
		exit 1
	fi
	mariadb-install-db --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db --cross-bootstrap >/dev/null
	# Nobody outside may meet the server that is still being filled.
	"$1" --skip-networking --socket=/run/mysqld/init.sock --datadir=/var/lib/mysql &
	local pid=$! run=(mariadb --protocol=socket --socket=/run/mysqld/init.sock -uroot)
	local n=0
	until "${run[@]}" -e 'SELECT 1' >/dev/null 2>&1; do
		n=$((n + 1))
		[ $n -lt 300 ] || exit 1
		sleep 0.1
	done
	statements | "${run[@]}"
	local f
	export MYSQL_PWD="$MARIADB_ROOT_PASSWORD"
	for f in /docker-entrypoint-initdb.d/*; do
		case $f in
		*.sh) if [ -x "$f" ]; then "$f"; else . "$f"; fi ;;
		*.sql) "${run[@]}" "${MARIADB_DATABASE:-mysql}" <"$f" ;;
		*.sql.gz) gunzip -c "$f" | "${run[@]}" "${MARIADB_DATABASE:-mysql}" ;;
		esac
	done
	unset MYSQL_PWD
	kill -TERM "$pid"
	wait "$pid"
	echo 'MariaDB init process done. Ready for start up.'
}

[ "${1:0:1}" != - ] || set -- mariadbd "$@"
if [ "$1" = mariadbd ] || [ "$1" = mysqld ]; then
	if [ "$(id -u)" = 0 ]; then
		find /var/lib/mysql /run/mysqld \! -user mysql -exec chown mysql: '{}' +
		exec setpriv --reuid=mysql --regid=mysql --init-groups --inh-caps=-all "$BASH_SOURCE" "$@"
	fi
	[ -d /var/lib/mysql/mysql ] || initialise "$1"
	# The entrypoint's settings are not the server's business, and the official one leaves none of them either.
	set -- "$1" --datadir=/var/lib/mysql "${@:2}"
fi
exec "$@"
