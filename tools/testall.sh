#!/bin/bash
# Runs `make test` as CI does: every part must be there, and a skipped test is a failure. The whole output is kept in
# bin/test.log; the screen shows failures and one line for each package.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin

status=0
CI=true make --no-print-directory test TESTFLAGS="-v ${TESTFLAGS:-}" 2>&1 | tee bin/test.log |
	grep --line-buffered -Ev '^ *(=== (RUN|PAUSE|CONT|NAME)|--- PASS)' || status=${PIPESTATUS[0]}

passed=$(grep -c '^ *--- PASS' bin/test.log || true)
failed=$(grep -c '^ *--- FAIL' bin/test.log || true)
skipped=$(grep -c '^ *--- SKIP' bin/test.log || true)
echo "tests: $passed passed, $failed failed, $skipped skipped"
if [ "$skipped" -gt 0 ]; then
	grep -A2 '^ *--- SKIP' bin/test.log >&2
	status=1
fi
exit "$status"
