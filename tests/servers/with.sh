#!/usr/bin/env bash
# Starts the servers that the tests need, runs a command with their addresses in the environment, stops them again.
# A server that the environment already names (QUERENT_TEST_POSTGRES_URL) is used as it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

started=
# The address is taken out of the environment again: with it, the script would leave the server alone as somebody else's.
stop() { [ -z "$started" ] || env -u QUERENT_TEST_POSTGRES_URL "$here/postgres.sh" stop; }
trap stop EXIT
trap 'exit 130' INT TERM

if [ -z "${QUERENT_TEST_POSTGRES_URL:-}" ]; then
  started=yes
  "$here/postgres.sh" start
  QUERENT_TEST_POSTGRES_URL=$("$here/postgres.sh" url)
  QUERENT_TEST_POSTGRES_URL=${QUERENT_TEST_POSTGRES_URL#QUERENT_TEST_POSTGRES_URL=}
fi
export QUERENT_TEST_POSTGRES_URL
"$@"
