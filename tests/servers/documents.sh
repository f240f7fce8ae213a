#!/usr/bin/env bash
# Why: the tests need something that answers MongoDB's driver, and no MongoDB can be had from Debian; `sid.sh` unpacks
# PostgreSQL with the DocumentDB extension, this brings it up, and our own gateway (tests/servers/documents) before it.
# It is not MongoDB; a real one is used by the tests when QUERENT_TEST_MONGODB_URL names it.
#
#   tests/servers/documents.sh start   unpack and build what is missing, start, print `QUERENT_TEST_DOCUMENTS_URL=...`
#   tests/servers/documents.sh url     print that line again (fails when the gateway is not running)
#   tests/servers/documents.sh stop    stop what `start` started
#
# Environment
#   QUERENT_TEST_DOCUMENTS_URL    a gateway that runs already: used as it is, nothing is started
#   QUERENT_TEST_DOCUMENTS_PORT   the gateway's port (default: the first free one from 57017 on; the engine takes the
#                                 first free one from 57117 on)
#   QUERENT_TEST_SID_DIR          see sid.sh
#
# The data lives in the unpacked root, below srv. There are no logins, no TLS and no transactions.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache="$root/.cache"
state="$cache/servers/documents"
name="documents-$(printf '%s' "$root" | cksum | cut -d' ' -f1)"
bin=/usr/lib/postgresql/18/bin

say() { printf 'documents.sh: %s\n' "$*" >&2; }
die() { say "$1"; [ $# -lt 2 ] || say "  $2"; exit 1; }
own_server="set QUERENT_TEST_DOCUMENTS_URL=mongodb://host:port/ to use a gateway of your own"

port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
pick_port() {
  local port
  for port in $(seq "$1" "$(($1 + 60))"); do if port_free "$port"; then printf '%s' "$port"; return; fi; done
  die "no free port between $1 and $(($1 + 60))"
}

# A process number alone can be somebody else's by now: it has to be a process of ours.
is_ours() { [ -n "$1" ] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"; }
engine_pid() { head -n 1 "$1/srv/$name/postmaster.pid" 2>/dev/null || true; }
engine_runs() { [ -e "$state/engine.port" ] && is_ours "$(engine_pid "$1")" "/srv/$name"; }
gateway_pid() { cat "$state/gateway.pid" 2>/dev/null || true; }
gateway_runs() { [ -e "$state/port" ] && is_ours "$(gateway_pid)" querent-test-documents; }
print_url() { printf 'QUERENT_TEST_DOCUMENTS_URL=mongodb://127.0.0.1:%s/\n' "$(cat "$state/port")"; }

# The files that the packages' own installation would make by name.
link_extensions() {
  local file
  for file in "$1"/usr/share/postgresql/18/extension/*-3.control; do
    [ -e "${file%-3.control}.control" ] || ln -s "$(basename "$file")" "${file%-3.control}.control"
  done
}

make_data() {
  local unpacked=$1 data="$1/srv/$name"
  [ -e "$data/PG_VERSION" ] && [ -e "$state/ready" ] && return 0
  rm -rf "$data"
  mkdir -p "$data"
  chmod 700 "$data"
  chown "$(awk -F: '$1 == "postgres" { print $3 ":" $4 }' "$unpacked/etc/passwd")" "$data"
  "$here/sid.sh" chroot postgres "$bin/initdb" -D "/srv/$name" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync >"$cache/documents-initdb.log" 2>&1 || die "initdb failed, see $cache/documents-initdb.log"
  cat >>"$data/postgresql.conf" <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'pg_cron, pg_documentdb_core, pg_documentdb'
cron.database_name = 'postgres'
dynamic_shared_memory_type = mmap
max_connections = 100
shared_buffers = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
timezone = 'UTC'
CONF
  touch "$state/ready"
}

launch_engine() {
  local unpacked=$1 port=$2 tries started
  # a session of its own: an interrupt of the tests is not one of the server
  setsid "$here/sid.sh" chroot postgres "$bin/postgres" -D "/srv/$name" -p "$port" >>"$state/engine.log" 2>&1 </dev/null 9>&- &
  started=$!
  for tries in $(seq 300); do
    if "$here/sid.sh" chroot postgres "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then
      echo "$port" >"$state/engine.port"
      return 0
    fi
    if ! kill -0 "$started" 2>/dev/null; then return 1; fi
    sleep 0.2
  done
  return 1
}

start_engine() {
  local unpacked=$1
  engine_runs "$unpacked" && return 0
  make_data "$unpacked"
  if ! launch_engine "$unpacked" "$(pick_port 57117)"; then
    # without its safeguards the data does not survive a crash of the machine; there is nothing in it to keep
    say "the engine on $unpacked/srv/$name does not start; making its data anew"
    rm -f "$state/ready"
    make_data "$unpacked"
    launch_engine "$unpacked" "$(pick_port 57117)" \
      || { tail -n 5 "$state/engine.log" >&2; die "PostgreSQL did not start, see $state/engine.log" "$own_server"; }
  fi
}

build_gateway() {
  command -v cargo >/dev/null || die "cargo is missing" "install Rust, or $own_server"
  (cd "$root" && cargo build -q -p querent-test-documents >&2) || die "the gateway could not be built"
  printf '%s/debug/querent-test-documents' "${CARGO_TARGET_DIR:-$root/target}"
}

stop_gateway() {
  local pid tries
  pid=$(gateway_pid)
  if is_ours "$pid" querent-test-documents; then
    kill -TERM "$pid" 2>/dev/null || true
    for tries in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  fi
  rm -f "$state/port" "$state/gateway.pid"
}

start_gateway() {
  local program=$1 port tries
  if gateway_runs && [ ! "$program" -nt "$state/gateway.pid" ]; then return 0; fi
  stop_gateway
  port=${QUERENT_TEST_DOCUMENTS_PORT:-$(pick_port 57017)}
  port_free "$port" || die "port $port is in use" "choose another in QUERENT_TEST_DOCUMENTS_PORT"
  : >"$state/gateway.out"
  setsid "$program" "postgres://postgres@127.0.0.1:$(cat "$state/engine.port")/postgres" "$port" \
    >"$state/gateway.out" 2>"$state/gateway.log" </dev/null 9>&- &
  echo $! >"$state/gateway.pid"
  for tries in $(seq 300); do
    if [ -s "$state/gateway.out" ]; then echo "$port" >"$state/port"; return 0; fi
    kill -0 "$(gateway_pid)" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 5 "$state/gateway.log" >&2
  die "the gateway did not start, see $state/gateway.log"
}

start() {
  mkdir -p "$state"
  exec 9>"$cache/documents.lock"
  flock 9
  [ "$(id -u)" = 0 ] || die "the engine runs in a root of its own, which only root can make" "$own_server"
  local unpacked program
  unpacked=$("$here/sid.sh" unpack 9>&-) || exit 1
  link_extensions "$unpacked"
  program=$(build_gateway) || exit 1
  start_engine "$unpacked"
  start_gateway "$program"
  print_url
}

stop() {
  local unpacked pid tries
  stop_gateway
  unpacked=$("$here/sid.sh" root 2>/dev/null) || return 0
  engine_runs "$unpacked" || return 0
  pid=$(engine_pid "$unpacked")
  kill -INT "$pid" 2>/dev/null || true
  for tries in $(seq 300); do
    if ! kill -0 "$pid" 2>/dev/null; then rm -f "$state/engine.port"; return 0; fi
    sleep 0.1
  done
  die "PostgreSQL did not stop, see $state/engine.log"
}

url() {
  gateway_runs || die "the gateway is not running" "run: $0 start"
  print_url
}

case "${1:-}" in start | stop | url) ;; *) say "usage: $0 start|stop|url"; exit 2 ;; esac
if [ -n "${QUERENT_TEST_DOCUMENTS_URL:-}" ]; then
  [ "$1" = stop ] || printf 'QUERENT_TEST_DOCUMENTS_URL=%s\n' "$QUERENT_TEST_DOCUMENTS_URL"
  exit 0
fi
"$1"
