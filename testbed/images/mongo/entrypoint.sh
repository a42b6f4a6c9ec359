#!/bin/bash
# Does what the official image's entrypoint does, as far as a backup can see it.
set -eo pipefail

# secret NAME sets NAME from itself or from the file that NAME_FILE names.
secret() {
	local file="${1}_FILE"
	if [ -n "${!file}" ]; then export "$1"="$(<"${!file}")"; fi
	unset "$file"
}

[ "${1:0:1}" != - ] || set -- mongod "$@"
if [ "$1" = mongod ]; then
	if [ "$(id -u)" = 0 ]; then
		find /data/db /data/configdb \! -user mongodb -exec chown mongodb '{}' +
		exec setpriv --reuid=mongodb --regid=mongodb --init-groups --inh-caps=-all "$BASH_SOURCE" "$@"
	fi
	secret MONGO_INITDB_ROOT_USERNAME
	secret MONGO_INITDB_ROOT_PASSWORD
	export FERRETDB_HANDLER=sqlite FERRETDB_SQLITE_URL=file:/data/db/ FERRETDB_STATE_DIR=/data/db FERRETDB_TELEMETRY=disable
	export FERRETDB_LISTEN_ADDR=:27017 FERRETDB_DEBUG_ADDR=- FERRETDB_LOG_LEVEL=ERROR
	if [ -n "$MONGO_INITDB_ROOT_USERNAME" ]; then
		export FERRETDB_TEST_ENABLE_NEW_AUTH=true FERRETDB_SETUP_DATABASE=admin
		export FERRETDB_SETUP_USERNAME="$MONGO_INITDB_ROOT_USERNAME" FERRETDB_SETUP_PASSWORD="$MONGO_INITDB_ROOT_PASSWORD"
	fi
	set -- mongod # MongoDB's own options mean nothing to FerretDB
fi
exec "$@"
