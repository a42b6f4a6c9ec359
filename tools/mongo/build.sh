#!/bin/bash
# Builds FerretDB, as mongod, and MongoDB's tools into a folder: build.sh FOLDER.
set -euo pipefail
out=$(realpath "$1")
cd "$(dirname "$0")"
export CGO_ENABLED=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# FerretDB ends at once without a file of its version, which its releases make and its module lacks.
module=github.com/FerretDB/FerretDB
go mod download
cp -r "$(go list -m -f '{{.Dir}}' $module)" "$work/ferretdb"
chmod -R u+w "$work/ferretdb"
go list -m -f '{{.Version}}' $module >"$work/ferretdb/build/version/version.txt"
cp go.mod go.sum "$work/"
go mod edit -replace "$module=$work/ferretdb" "$work/go.mod"

build() { go build -modfile "$work/go.mod" -trimpath -buildvcs=false -ldflags '-s -w' -o "$out/$1" "$2"; }
build mongod $module/cmd/ferretdb
for tool in mongodump mongorestore mongoimport mongoexport; do
	build $tool github.com/mongodb/mongo-tools/$tool/main
done
