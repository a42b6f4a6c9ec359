#!/bin/sh
# Does what the official image's entrypoint does, as far as a backup can see it.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
	set -- redis-server "$@"
fi
case $1 in
redis-server | valkey-server)
	if [ "$(id -u)" = 0 ]; then
		find /data \! -user redis -exec chown redis '{}' +
		exec setpriv --reuid=redis --regid=redis --init-groups --inh-caps=-all "$0" "$@"
	fi
	# The official image is built so that a server without a password listens everywhere.
	program=$1
	shift
	case ${1:-} in
	*.conf)
		file=$1
		shift
		set -- "$program" "$file" --protected-mode no "$@"
		;;
	*) set -- "$program" --protected-mode no "$@" ;;
	esac
	;;
esac
exec "$@"
