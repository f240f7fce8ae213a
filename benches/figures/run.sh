#!/usr/bin/env bash
# Prints figures beside those of other tools, in one run on one server: run.sh crawl|stream|versions|chat [arguments of the
# script].
# Needs QUERENT_TEST_POSTGRES_URL and QUERENT_TEST_MARIADB_URL (tests/servers/with.sh sets them) and a release build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
what=${1:?"usage: run.sh crawl|stream|versions|chat [arguments]"}
shift

venv="$root/.cache/figures/venv"
if ! "$venv/bin/python" -c 'import sqlalchemy, psycopg, pymysql' 2>/dev/null; then
  mkdir -p "$root/.cache/figures"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'sqlalchemy==2.0.*' 'psycopg[binary]==3.*' 'pymysql==1.*'
fi
# what the chat's figures stand beside
if [ "$what" = chat ] && ! "$venv/bin/python" -c 'import fastapi, uvicorn, uvloop, httptools, asyncpg, httpx, sqlglot' 2>/dev/null; then
  "$venv/bin/pip" install --quiet 'fastapi==0.*' 'uvicorn==0.*' uvloop httptools 'asyncpg==0.*' 'httpx==0.*' 'sqlglot[rs]'
fi
exec "$venv/bin/python" "$here/$what.py" "$@"
