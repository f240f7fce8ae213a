#!/usr/bin/env bash
# Prints figures beside those of other tools, in one run on one server: run.sh crawl|stream|versions [arguments of the
# script].
# Needs QUERENT_TEST_POSTGRES_URL and QUERENT_TEST_MARIADB_URL (tests/servers/with.sh sets them) and a release build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
what=${1:?"usage: run.sh crawl|stream|versions [arguments]"}
shift

venv="$root/.cache/figures/venv"
if ! "$venv/bin/python" -c 'import sqlalchemy, psycopg, pymysql' 2>/dev/null; then
  mkdir -p "$root/.cache/figures"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'sqlalchemy==2.0.*' 'psycopg[binary]==3.*' 'pymysql==1.*'
fi
exec "$venv/bin/python" "$here/$what.py" "$@"
