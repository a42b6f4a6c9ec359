#!/bin/bash
# Writes a root file system with the databases that the test images are layers of: base.sh FOLDER. Needs root.
set -euo pipefail
root=$1
suite=bookworm
mirror=${KEEPSTEAD_DEBIAN_MIRROR:-http://deb.debian.org/debian}
packages=postgresql,mariadb-server,redis-server,sqlite3,ca-certificates

# The system's own log is for eyes only when something goes wrong.
if ! debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" >"$root.log" 2>&1; then
	tail -n 30 "$root.log" >&2
	exit 1
fi

# What no test reads. PostgreSQL compiles no queries once its compiler is gone, which is most of its size.
rm -rf "$root"/var/cache/apt/* "$root"/var/cache/debconf/*-old "$root"/var/lib/apt/lists/* "$root"/var/log/* \
	"$root"/usr/share/{doc,man,info,locale,i18n,lintian,perl5/Debconf/Element/Gnome*} \
	"$root"/usr/lib/*/libLLVM* "$root"/usr/lib/postgresql/*/lib/{llvmjit*,bitcode} \
	"$root"/usr/bin/{aria_*,mariadbd-safe-helper,myrocks_*,mariadb-ldb,sst_dump} "$root"/usr/lib/mysql/plugin/ha_rocksdb.so
rm -f "$root"/etc/hostname "$root"/etc/resolv.conf
# The clusters that the packages made would be found in a volume that is empty for the official images.
rm -rf "$root"/var/lib/postgresql/* "$root"/var/lib/mysql "$root"/var/lib/redis/* "$root"/etc/postgresql/*
# A policy that packages may not start services here, and device nodes, which an engine makes itself.
rm -rf "$root"/dev/* "$root"/usr/sbin/policy-rc.d
