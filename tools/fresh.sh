#!/bin/bash
# Proves that the committed generated files are what their sources make: writes them anew and compares. The CSS part
# needs Node; without it that part is left out, except in CI.
set -euo pipefail
cd "$(dirname "$0")/.."

generated() { find views handlers/api static -type f \( -name '*_templ.go' -o -name '*.gen.go' -o -name 'icons_data.go' -o -path 'static/app.css' -o -path 'static/vendor/*' \) -print0 | sort -z | xargs -0 sha256sum; }
sources() { find views -type f -name '*.templ' -print0 | sort -z | xargs -0 sha256sum; }

before=$(generated; sources)
make --no-print-directory -s generate
if command -v npm >/dev/null; then
	make --no-print-directory -s css
elif [ "${CI:-}" = true ]; then
	echo "fresh: npm is missing, and CI must build the CSS" >&2
	exit 1
else
	echo "fresh: without npm the CSS is not built anew" >&2
fi
after=$(generated; sources)

if [ "$before" != "$after" ]; then
	echo "fresh: these files were not what their sources make (left: as they were); commit them as they are now:" >&2
	diff <(echo "$before") <(echo "$after") >&2 || true
	exit 1
fi
echo "fresh: generated code, formatting and CSS are up to date"
