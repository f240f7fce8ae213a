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

server=documents port_first=57017 port_last=57077
own_server="set QUERENT_TEST_DOCUMENTS_URL=mongodb://host:port/ to use a gateway of your own"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
state="$cache/servers/documents"
name="documents-$(checkout)"
bin=/usr/lib/postgresql/18/bin

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
  local unpacked=$1 port=$2
  # a session of its own: an interrupt of the tests is not one of the server
  setsid "$here/sid.sh" chroot postgres "$bin/postgres" -D "/srv/$name" -p "$port" >>"$state/engine.log" 2>&1 </dev/null 9>&- &
  wait_until $! "$here/sid.sh" chroot postgres "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" || return 1
  echo "$port" >"$state/engine.port"
}

start_engine() {
  local unpacked=$1
  engine_runs "$unpacked" && return 0
  make_data "$unpacked"
  if ! launch_engine "$unpacked" "$(pick_port 57117 57177)"; then
    # without its safeguards the data does not survive a crash of the machine; there is nothing in it to keep
    say "the engine on $unpacked/srv/$name does not start; making its data anew"
    rm -f "$state/ready"
    make_data "$unpacked"
    launch_engine "$unpacked" "$(pick_port 57117 57177)" \
      || { tail -n 5 "$state/engine.log" >&2; die "PostgreSQL did not start, see $state/engine.log" "$own_server"; }
  fi
}

build_gateway() {
  command -v cargo >/dev/null || die "cargo is missing" "install Rust, or $own_server"
  (cd "$root" && cargo build -q -p querent-test-documents >&2) || die "the gateway could not be built"
  printf '%s/debug/querent-test-documents' "${CARGO_TARGET_DIR:-$root/target}"
}

stop_gateway() {
  local pid
  pid=$(gateway_pid)
  ! is_ours "$pid" querent-test-documents || end_process TERM "$pid" || true
  rm -f "$state/port" "$state/gateway.pid"
}

start_gateway() {
  local program=$1 port
  if gateway_runs && [ ! "$program" -nt "$state/gateway.pid" ]; then return 0; fi
  stop_gateway
  port=$(pick_port)
  : >"$state/gateway.out"
  setsid "$program" "postgres://postgres@127.0.0.1:$(cat "$state/engine.port")/postgres" "$port" \
    >"$state/gateway.out" 2>"$state/gateway.log" </dev/null 9>&- &
  echo $! >"$state/gateway.pid"
  if wait_until $! test -s "$state/gateway.out"; then echo "$port" >"$state/port"; return 0; fi
  tail -n 5 "$state/gateway.log" >&2
  die "the gateway did not start, see $state/gateway.log"
}

start() {
  mkdir -p "$state"
  lock
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
  local unpacked
  stop_gateway
  unpacked=$("$here/sid.sh" root 2>/dev/null) || return 0
  engine_runs "$unpacked" || return 0
  end_process INT "$(engine_pid "$unpacked")" || die "PostgreSQL did not stop, see $state/engine.log"
  rm -f "$state/engine.port"
}

url() {
  gateway_runs || die "the gateway is not running" "run: $0 start"
  print_url
}

obey "$@"
