#!/usr/bin/env bash
# Why: the same database has to look the same whatever engine keeps it. This loads sample schemas into real servers, crawls
# them, and compares the catalogs; what differs has to be listed with its reason in tests/golden.
#
#   tests/golden.sh SCHEMAS [NAME...]    SCHEMAS/NAME/{postgres,mysql,sqlite,sqlserver}[.schema].sql or NAME.sqlite; all NAMEs by default
#
# An engine that a schema has a file for gets that file; for each other engine the first catalog is written as its DDL
# (`querent ddl`), loaded and crawled too. SQL Server cannot be run here: its file is read, written anew, and given to the
# TDS test server, which is crawled. Each crawl is compared with the DDL that it came from, and each engine with the first.
# The databases are called as the schemas and are dropped again: name test servers only.
#
# A file of differences (tests/golden/NAME.differences, and tests/golden/engines.differences for every schema) has a rule a
# line, `COMPARISON | LINE | REASON`: which comparisons (a word is enough: `mysql` stands for all that name it), what is said
# there (* stands for anything), and why it is so. A difference that no rule lists fails, and so does a rule that nothing
# meets any more (one of engines.differences: when all schemas were compared).
#
# Environment
#   QUERENT_TEST_POSTGRES_URL, QUERENT_TEST_MARIADB_URL, QUERENT_TEST_MYSQL_URL   the servers (tests/servers/with.sh sets them)
#   QUERENT, QUERENT_TEST_TDS    the programs (default: those that cargo builds)
#   GOLDEN_SHOW=1                says every listed difference too
set -euo pipefail

server=golden own_server="install it, or run as root on Debian"
. "$(dirname "${BASH_SOURCE[0]}")/servers/common.sh"
rules_of=$(cd "$here/../golden" && pwd)
tell() { printf '%s\n' "$*"; }

[ $# -ge 1 ] && [ -d "$1" ] || die "usage: $0 SCHEMAS [NAME...]"
schemas=$(cd "$1" && pwd)
shift
whole=no
names=("$@")
if [ $# = 0 ]; then
  whole=yes
  mapfile -t names < <(cd "$schemas" && ls -d -- */ | tr -d /)
fi
for variable in QUERENT_TEST_POSTGRES_URL QUERENT_TEST_MARIADB_URL QUERENT_TEST_MYSQL_URL; do
  [ -n "${!variable:-}" ] || die "$variable is not set: run tests/servers/with.sh $0 ..."
done
built="${CARGO_TARGET_DIR:-$root/target}/debug"
[ -n "${QUERENT:-}" ] || (cd "$root" && cargo build --quiet --locked --bin querent)
[ -n "${QUERENT_TEST_TDS:-}" ] || (cd "$root" && cargo build --quiet --locked -p querent-test-tds)
querent=${QUERENT:-$built/querent} tds=${QUERENT_TEST_TDS:-$built/querent-test-tds}

need sqlite3 mariadb:mariadb-client-core
psql=$(find_program psql || compgen -G '/usr/lib/postgresql/*/bin/psql' | head -n 1) || die "missing: psql"
mariadb=$(find_program mariadb) sqlite=$(find_program sqlite3)
work=$(mktemp -d)
tds_pid=
end() { [ -z "$tds_pid" ] || kill "$tds_pid" 2>/dev/null || true; rm -rf "$work"; }
trap end EXIT

# Host, port and user of a URL, as the command-line client takes them.
client() {
  local rest=${1#*://} login host
  rest=${rest%%/*} login=${rest%@*} host=${rest##*@}
  local words=(--no-defaults --protocol=tcp --force "--host=${host%:*}" "--port=${host#*:}" "--user=${login%%:*}")
  [ "$login" = "${login#*:}" ] || words+=("--password=${login#*:}")
  "$mariadb" "${words[@]}" "${@:2}"
}

# Loads a file into a new database of an engine and puts its URL into `url`. A file of others may ask for more than a server
# has, which is only told; what we wrote ourselves has to be taken as a whole ($4).
load() {
  local engine=$1 name=$2 file=$3 ours=${4:-} errors="$work/errors"
  : >"$errors"
  case $engine in
    postgres)
      local base=${QUERENT_TEST_POSTGRES_URL%/*}
      "$psql" -X -q "${QUERENT_TEST_POSTGRES_URL%%\?*}" -c "DROP DATABASE IF EXISTS \"$name\"" -c "CREATE DATABASE \"$name\"" 2>/dev/null
      "$psql" -X -q "$base/$name" <"$file" >/dev/null 2>"$errors" || true
      url="$base/$name"
      ;;
    mariadb | mysql)
      local variable="QUERENT_TEST_${engine^^}_URL" at
      at=${!variable%%\?*}
      client "$at" --execute "DROP DATABASE IF EXISTS \`$name\`; CREATE DATABASE \`$name\` CHARACTER SET utf8mb4" 2>/dev/null
      client "$at" "--database=$name" --default-character-set=utf8mb4 <"$file" >/dev/null 2>"$errors" || true
      url="${at%/}/$name"
      ;;
    sqlite)
      rm -f "$work/$name.db"
      "$sqlite" "$work/$name.db" <"$file" >/dev/null 2>"$errors" || true
      url="sqlite:$work/$name.db"
      ;;
    mssql)
      [ -z "$tds_pid" ] || kill "$tds_pid" 2>/dev/null || true
      "$tds" "$file" >"$work/tds.out" 2>"$errors" &
      tds_pid=$!
      wait_until "$tds_pid" test -s "$work/tds.out" || true
      url="$(head -n 1 "$work/tds.out")?encrypt=no"
      ;;
  esac
  grep -v 'Using a password' "$errors" | grep -qi error || return 0
  tell "  $engine refused $(grep -ci error "$errors") statements: $(grep -i -m 1 error "$errors")"
  [ -z "$ours" ] || failed=1
}

# Rules are read into these, line by line; `met` says which ones something met, `asked` which ones could have been.
where=() what=() why=() origin=() met=() asked=()
read_rules() {
  local file=$1 comparison pattern reason
  [ -e "$file" ] || return 0
  while IFS='|' read -r comparison pattern reason; do
    case $comparison in '#'* | '') continue ;; esac
    comparison=$(trim "$comparison") pattern=$(trim "$pattern") reason=$(trim "$reason")
    [ -n "$pattern" ] && [ -n "$reason" ] || die "$(basename "$file"): a rule is COMPARISON | LINE | REASON: $comparison | $pattern"
    where+=("$comparison") what+=("$pattern") why+=("$reason") origin+=("$(basename "$file")") met+=(0) asked+=(0)
  done <"$file"
}
trim() { local text=${1#"${1%%[![:space:]]*}"}; printf '%s' "${text%"${text##*[![:space:]]}"}"; }

# Whether a rule's comparison is this one: the title has all of its words.
applies() {
  local word
  for word in $1; do [[ " $2 " == *" $word "* ]] || return 1; done
}

# Compares two sides; says what no rule lists.
compare() {
  local title=$1 lines line said at listed unlisted=0 known=0
  shift
  if ! lines=$("$querent" diff --across-engines "$@" 2>&1); then
    tell "  $title: FAILED"; sed 's/^/    /' <<<"$lines"; failed=1
    return
  fi
  for at in "${!where[@]}"; do if applies "${where[at]}" "$title"; then asked[at]=1; fi; done
  said=
  while IFS= read -r line; do
    [ -n "$line" ] && [ "$line" != "no changes" ] || continue
    line=$(trim "${line#* }")
    listed=
    for at in "${!where[@]}"; do
      # the pattern is one: * stands for anything
      if applies "${where[at]}" "$title" && [[ $line == ${what[at]} ]]; then met[at]=1 listed=$at; break; fi
    done
    if [ -n "$listed" ]; then
      known=$((known + 1))
      [ -z "${GOLDEN_SHOW:-}" ] || said+="    $line: ${why[listed]}"$'\n'
    else
      unlisted=$((unlisted + 1)) said+="    NOT LISTED: $line"$'\n'
    fi
  done <<<"$lines"
  [ "$unlisted" = 0 ] || failed=1
  comparisons=$((comparisons + 1))
  tell "  $title: $([ $((known + unlisted)) = 0 ] && printf 'the same' || printf '%s listed, %s not listed' "$known" "$unlisted")"
  printf '%s' "$said"
}

# Rules of a file that could have been met and were not.
unmet() {
  local at
  for at in "${!where[@]}"; do
    if [ "${origin[at]}" = "$1" ] && [ "${asked[at]}" = 1 ] && [ "${met[at]}" = 0 ]; then
      tell "  $1: nothing meets this any more: ${where[at]} | ${what[at]}"
      failed=1
    fi
  done
}

first_of() { local file; for file in "$@"; do [ ! -e "$file" ] || { printf '%s' "$file"; return; }; done; }
# The file that a schema has for an engine.
given() {
  local folder=$1
  case $2 in
    postgres) first_of "$folder"/postgres.sql "$folder"/postgres.schema.sql ;;
    mariadb | mysql) first_of "$folder"/mysql.sql "$folder"/mysql.schema.sql ;;
    mssql) first_of "$folder"/sqlserver.sql "$folder"/sqlserver.schema.sql ;;
    sqlite)
      if [ -e "$folder/$name.sqlite" ]; then
        "$sqlite" "$folder/$name.sqlite" .schema | grep -v sqlite_sequence >"$work/$name.schema.sql"
        printf '%s' "$work/$name.schema.sql"
      else
        first_of "$folder"/sqlite.sql "$folder"/sqlite.schema.sql
      fi
      ;;
  esac
}
# Writes a catalog as DDL of an engine.
carry() {
  "$querent" ddl "$1" --engine "$2" --to "$3" --out "$4" 2>"$work/notes" \
    || { tell "  $3: no DDL could be written"; sed 's/^/    /' "$work/notes"; failed=1; return 1; }
}
golden() {
  local name=$1 folder="$schemas/$1" engine file first= first_engine= order=()
  # those that have a file come first: the others are written from the first of them
  for engine in postgres mariadb mysql sqlite mssql; do [ -z "$(given "$folder" "$engine")" ] || order+=("$engine"); done
  [ ${#order[@]} -gt 0 ] || return 0
  for engine in postgres mariadb mysql sqlite mssql; do [ -n "$(given "$folder" "$engine")" ] || order+=("$engine"); done
  tell "$name"
  read_rules "$rules_of/$name.differences"
  for engine in "${order[@]}"; do
    file=$(given "$folder" "$engine")
    if [ -z "$file" ]; then
      carry "$first" "$first_engine" "$engine" "$work/$name.$engine.sql" || continue
      load "$engine" "$name" "$work/$name.$engine.sql" ours
      compare "$first_engine carried to $engine" "$first" "$url"
    elif [ "$engine" = mssql ]; then
      carry "$file" mssql mssql "$work/$name.mssql.sql" || continue
      load mssql "$name" "$work/$name.mssql.sql" ours
      compare "mssql DDL to crawl" --engine mssql "$file" "$url"
    else
      load "$engine" "$name" "$file"
      compare "$engine DDL to crawl" --engine "$engine" "$file" "$url"
    fi
    if [ -z "$first" ]; then
      # a catalog that stays when the server is given to the next
      "$querent" crawl --on "$url" --no-statistics --out "$work/$name.json" >/dev/null 2>&1 || { tell "  the crawl failed"; failed=1; return; }
      first="$work/$name.json" first_engine=$engine
    elif [ -n "$file" ]; then
      compare "$first_engine to $engine" "$first" "$url"
    fi
  done
  unmet "$name.differences"
  "$psql" -X -q "${QUERENT_TEST_POSTGRES_URL%%\?*}" -c "DROP DATABASE IF EXISTS \"$name\"" 2>/dev/null
  for variable in QUERENT_TEST_MARIADB_URL QUERENT_TEST_MYSQL_URL; do
    client "${!variable}" --execute "DROP DATABASE IF EXISTS \`$name\`" 2>/dev/null
  done
}

failed=0 comparisons=0
read_rules "$rules_of/engines.differences"
for name in "${names[@]}"; do golden "$name"; done
[ "$whole" = no ] || unmet engines.differences
if [ "$failed" = 0 ]; then tell "$comparisons comparisons: no difference that is not listed"; else tell "$comparisons comparisons: see above"; fi
exit "$failed"
