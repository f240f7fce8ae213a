#!/usr/bin/env bash
# Why: the same database has to look the same whatever engine keeps it. This loads sample schemas, as each engine's own DDL
# files have them, into real servers, crawls them, and prints what still differs from engine to engine.
#
#   tests/golden.sh SCHEMAS [NAME...]    SCHEMAS/NAME/{postgres,mysql,sqlite,sqlserver}[.schema].sql or NAME.sqlite; all NAMEs by default
#
# PostgreSQL's, MariaDB's, MySQL's and SQLite's files are loaded and crawled; of SQL Server, which cannot be run here, the DDL
# is read. Each is compared with the first of these that the schema has, and each crawl with its own DDL. The databases are
# called as the schemas and are dropped again: name test servers only.
#
# Environment
#   QUERENT_TEST_POSTGRES_URL, QUERENT_TEST_MARIADB_URL, QUERENT_TEST_MYSQL_URL   the servers (tests/servers/with.sh sets them)
#   QUERENT                                                                      the program (default: the one cargo builds)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
say() { printf '%s\n' "$*"; }
die() { printf 'golden.sh: %s\n' "$*" >&2; exit 1; }

[ $# -ge 1 ] && [ -d "$1" ] || die "usage: $0 SCHEMAS [NAME...]"
schemas=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || mapfile -t names < <(cd "$schemas" && ls -d -- */ | tr -d /)
[ $# = 0 ] || names=("$@")
for variable in QUERENT_TEST_POSTGRES_URL QUERENT_TEST_MARIADB_URL QUERENT_TEST_MYSQL_URL; do
  [ -n "${!variable:-}" ] || die "$variable is not set: run tests/servers/with.sh $0 ..."
done
if [ -z "${QUERENT:-}" ]; then
  (cd "$here/.." && cargo build --quiet --locked --bin querent)
  QUERENT="${CARGO_TARGET_DIR:-$here/../target}/debug/querent"
fi
find_tool() {
  local candidate
  for candidate in "$(command -v "$1" || true)" /usr/lib/postgresql/*/bin/"$1"; do
    [ ! -x "$candidate" ] || { printf '%s' "$candidate"; return; }
  done
  die "missing: $1"
}
psql=$(find_tool psql) mariadb=$(find_tool mariadb) sqlite=$(find_tool sqlite3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Host, port and user of a URL, as the command-line client takes them.
client() {
  local rest=${1#*://} login host
  rest=${rest%%/*} login=${rest%@*} host=${rest##*@}
  local words=(--no-defaults --protocol=tcp --force "--host=${host%:*}" "--port=${host#*:}" "--user=${login%%:*}")
  [ "$login" = "${login#*:}" ] || words+=("--password=${login#*:}")
  "$mariadb" "${words[@]}" "${@:2}"
}
# Loading says what it could not load: a sample may ask for more than a server has.
load() {
  local name=$1 file=$2 errors=$3
  shift 3
  "$@" <"$file" >/dev/null 2>"$errors" || true
  [ ! -s "$errors" ] || say "  $name: $(grep -ci error "$errors" || true) statements of $(basename "$file") were refused: $(grep -i -m 1 error "$errors" || true)"
}
load_mysql() {
  local url=$1 schema=$2 file=$3
  client "$url" --execute "DROP DATABASE IF EXISTS \`$schema\`; CREATE DATABASE \`$schema\` CHARACTER SET utf8mb4" 2>/dev/null
  load "$4" "$file" "$work/errors" client "$url" "--database=$schema" --default-character-set=utf8mb4
}
compare() {
  local title=$1 lines
  shift
  if lines=$("$QUERENT" diff --across-engines "$@" 2>&1); then
    say "  $title: $(grep -c . <<<"$lines" || true) lines"
    sed 's/^/    /' <<<"$lines"
  else
    say "  $title: FAILED"
    sed 's/^/    /' <<<"$lines"
    failed=1
  fi
}
first_of() { local file; for file in "$@"; do [ ! -e "$file" ] || { printf '%s' "$file"; return; }; done; }

failed=0
for name in "${names[@]}"; do
  folder="$schemas/$name"
  sides=() engines=() texts=()
  file=$(first_of "$folder"/postgres.sql "$folder"/postgres.schema.sql)
  if [ -n "$file" ]; then
    admin=${QUERENT_TEST_POSTGRES_URL%%\?*} base=${QUERENT_TEST_POSTGRES_URL%/*}
    "$psql" -X -q "$admin" -c "DROP DATABASE IF EXISTS \"$name\"" -c "CREATE DATABASE \"$name\"" 2>/dev/null
    load postgres "$file" "$work/errors" "$psql" -X -q "$base/$name"
    sides+=("$base/$name") engines+=(postgres) texts+=("$file")
  fi
  file=$(first_of "$folder"/mysql.sql "$folder"/mysql.schema.sql)
  if [ -n "$file" ]; then
    for engine in mariadb mysql; do
      variable="QUERENT_TEST_${engine^^}_URL"
      load_mysql "${!variable}" "$name" "$file" "$engine"
      url=${!variable%%\?*}
      sides+=("${url%/}/$name") engines+=("$engine") texts+=("$file")
    done
  fi
  if [ -e "$folder/$name.sqlite" ]; then
    "$sqlite" "$folder/$name.sqlite" .schema >"$work/$name.sql"
    sides+=("sqlite:$folder/$name.sqlite") engines+=(sqlite) texts+=("$work/$name.sql")
  fi
  file=$(first_of "$folder"/sqlite.sql "$folder"/sqlite.schema.sql)
  if [ -n "$file" ]; then
    load sqlite "$file" "$work/errors" "$sqlite" "$work/$name.db"
    sides+=("sqlite:$work/$name.db") engines+=(sqlite) texts+=("$file")
  fi
  file=$(first_of "$folder"/sqlserver.sql "$folder"/sqlserver.schema.sql)
  [ -z "$file" ] || { sides+=("$file") engines+=(mssql) texts+=("$file"); }
  [ ${#sides[@]} -gt 0 ] || continue
  say "$name: ${engines[*]}"
  for at in "${!sides[@]}"; do
    # a crawl against the file it came from; SQL Server's file is all there is of it
    [ "${sides[at]}" = "${texts[at]}" ] \
      || compare "${engines[at]}, DDL to crawl" --engine "${engines[at]}" "${texts[at]}" "${sides[at]}"
    [ "$at" = 0 ] || compare "${engines[0]} to ${engines[at]}" --engine "${engines[0]},${engines[at]}" "${sides[0]}" "${sides[at]}"
  done
  "$psql" -X -q "${QUERENT_TEST_POSTGRES_URL%%\?*}" -c "DROP DATABASE IF EXISTS \"$name\"" 2>/dev/null
  for variable in QUERENT_TEST_MARIADB_URL QUERENT_TEST_MYSQL_URL; do
    client "${!variable}" --execute "DROP DATABASE IF EXISTS \`$name\`" 2>/dev/null
  done
done
exit "$failed"
