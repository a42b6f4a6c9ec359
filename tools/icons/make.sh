#!/bin/bash
# Writes static/icons/*.png from static/favicon.svg, with Chromium. Only when the favicon changes: the files are
# committed, since another Chromium may write other bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# render NAME SIZE CORNER: the favicon, its corners of that radius (of 32).
render() {
	local mark
	mark=$(grep -o '<path.*/>' static/favicon.svg)
	cat >"$work/page.html" <<-HTML
		<!DOCTYPE html><style>html, body { margin: 0; background: transparent } svg { display: block; width: ${2}px; height: ${2}px }</style>
		<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="$3" fill="#0f3033"/>$mark</svg>
	HTML
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 --default-background-color=00000000 \
		--user-data-dir="$work/profile" --window-size="$2,$2" --screenshot="static/icons/$1.png" "file://$work/page.html" 2>/dev/null
}

mkdir -p static/icons
render small 192 7
render large 512 7
render maskable 512 0    # a phone cuts it to its own shape; the mark lies within the circle of 80 % that always stays
render apple-touch 180 0 # iOS rounds the corners itself
