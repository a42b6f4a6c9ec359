#!/bin/bash
# Makes the Docker images that tests run, without any registry, and keeps them in a cache:
#
#   make.sh           makes what is missing; needs root, dockerd and debootstrap
#   make.sh --print   prints the folder of the images for these sources, made or not
#
# The folder holds an engine's image store (image/, overlay2/), which testbed.Engine starts its engines upon. The cache
# is $KEEPSTEAD_TEST_CACHE or ~/.cache/keepstead-tests; it is never needed, only slow to make anew.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
cache=${KEEPSTEAD_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/keepstead-tests}

# sum prints a key of the files' names and contents.
sum() { find "$@" -type f ! -name '*_test.go' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-16; }

base=$cache/base-$(sum tools/testimages/base.sh).tar
mongo=$cache/mongo-$(sum tools/mongo)
store=$cache/images-$(sum tools/testimages tools/mongo testbed/images)
if [ "${1:-}" = --print ]; then
	echo "$store"
	exit
fi
[ ! -f "$store/complete" ] || exit 0

for program in dockerd containerd debootstrap; do
	command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || {
		echo "$program is missing: apt-get install docker.io docker-compose debootstrap" >&2
		exit 1
	}
done
[ "$(id -u)" = 0 ] || { echo 'Images are made by root alone: an engine of their own runs for it.' >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin

mkdir -p "$cache"
exec 9>"$cache/make.lock"
flock 9 # two makers would do the work twice
[ ! -f "$store/complete" ] || exit 0
started=$SECONDS
rm -rf "$cache"/making-* # of a maker that was killed
work=$(mktemp -d "$cache/making-XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ ! -f "$base" ]; then
	rm -f "$cache"/base-*
	tools/testimages/base.sh "$work/root"
	tar -C "$work/root" --numeric-owner -cf "$work/base.tar" .
	mv "$work/base.tar" "$base"
	rm -rf "$work/root"
	echo "test images: base system made after $((SECONDS - started)) s"
fi

if [ ! -d "$mongo" ]; then
	rm -rf "$cache"/mongo-*
	mkdir "$work/mongo"
	tools/mongo/build.sh "$work/mongo"
	mv "$work/mongo" "$mongo"
	echo "test images: MongoDB's stand-in built after $((SECONDS - started)) s"
fi

mkdir "$work/images"
cp -a testbed/images/. "$work/images/"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$work/images/webapp/webapp" ./testbed/images/webapp

cp "$mongo"/* "$work/images/mongo/"

# A process namespace of its own ends everything the engine started, and its mounts, with this script.
unshare --pid --mount --fork --kill-child --mount-proc tools/testimages/build.sh "$base" "$work" 9>&-

rm -rf "$work/data"/overlay2/*/work
mkdir "$work/store"
mv "$work/data/image" "$work/data/overlay2" "$work/store/"
touch "$work/store/complete"
rm -rf "$store"
mv "$work/store" "$store"
# Sets of other sources go when no test has used them for a day; an engine may still stand upon a younger one.
find "$cache" -maxdepth 1 -name 'images-*' -mtime +0 ! -path "$store" -exec rm -rf {} +
echo "test images: made after $((SECONDS - started)) s, $(du -sh "$store" | cut -f 1)"
