#!/bin/bash
# Writes into a SQLite file without rest: each order with its two items in one transaction, so that a copy can be told to
# be consistent when every order has two items and the numbers have no gap.
set -euo pipefail

case ${1:-write} in
healthy)
	[ "$(sqlite3 -readonly -cmd '.timeout 3000' "$DB" 'SELECT count(*) > 0 FROM orders')" = 1 ]
	;;
write)
	trap 'exit 0' TERM INT
	mkdir -p "$(dirname "$DB")"
	# One connection for all of it, as an app would hold; its exit is ours.
	coproc SQL { exec sqlite3 -batch -cmd '.timeout 5000' "$DB"; }
	{
		echo 'PRAGMA journal_mode=WAL;'
		echo 'CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, note TEXT);'
		echo 'CREATE TABLE IF NOT EXISTS items (order_id INTEGER NOT NULL REFERENCES orders(id), position INTEGER NOT NULL, PRIMARY KEY (order_id, position));'
		echo 'SELECT 1;'
	} >&"${SQL[1]}"
	read -r <&"${SQL[0]}"
	while kill -0 "$SQL_PID" 2>/dev/null; do
		echo "BEGIN IMMEDIATE; INSERT INTO orders (at, note) VALUES (strftime('%Y-%m-%d %H:%M:%f'), 'naïve 日本 🗄️'); INSERT INTO items SELECT max(id), 1 FROM orders; INSERT INTO items SELECT max(id), 2 FROM orders; COMMIT;" >&"${SQL[1]}"
		sleep "$INTERVAL" &
		wait $! # a trap waits for no builtin but this
	done
	exit 1
	;;
*) exec "$@" ;;
esac
