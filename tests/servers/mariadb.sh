#!/usr/bin/env bash
# Why: the tests need a real MariaDB; this brings one up beside whatever the machine already runs.
#
#   tests/servers/mariadb.sh start   install what is missing, start, print `QUERENT_TEST_MARIADB_URL=...`
#   tests/servers/mariadb.sh url     print that line again (fails when the server is not running)
#   tests/servers/mariadb.sh stop    stop what `start` started
#
# Environment
#   QUERENT_TEST_MARIADB_URL   a server of your own (a login that may do everything): used as it is, nothing is started.
#                              The tests of TLS also need a certificate for it.
#   QUERENT_TEST_MARIADB_DIR   where the data lives (default: .cache/servers/mariadb, or the temporary folder when the
#                              account that runs the server cannot reach the checkout)
#   QUERENT_TEST_MARIADB_PORT  its port (default: the first free one from 53306 on)
#
# Logins: `root` without a password, on loopback. TLS is offered, with a certificate of the authority in tls/ca.crt.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache="$root/.cache"

say() { printf 'mariadb.sh: %s\n' "$*" >&2; }
die() { say "$1"; [ $# -lt 2 ] || say "  $2"; exit 1; }
own_server="set QUERENT_TEST_MARIADB_URL=mysql://user:password@host:port/ to use a server of your own"

is_root() { [ "$(id -u)" = 0 ]; }
# The packages without the service make no account; the server refuses to run as root, and any other will do.
owner() { if ! is_root; then id -un; elif id mysql >/dev/null 2>&1; then echo mysql; else echo nobody; fi; }
as_owner() { if is_root; then (cd / && runuser -u "$(owner)" -- "$@"); else "$@"; fi; }

find_program() {
  local name
  for name in "$@"; do
    command -v "$name" 2>/dev/null && return 0
    [ ! -x "/usr/sbin/$name" ] || { printf '/usr/sbin/%s' "$name"; return 0; }
  done
  return 1
}
server() { find_program mariadbd; }
client() { find_program mariadb; }

apt_install() {
  is_root || die "missing: $*, and only root can install packages" "run as root on Debian, or $own_server"
  command -v apt-get >/dev/null || die "missing: $*, and this system has no apt-get" "$own_server"
  local quiet=(-qq -y --no-install-recommends -o Dpkg::Use-Pty=0)
  say "installing $*"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" "$@" >"$cache/apt-mariadb.log" 2>&1; then
    apt-get update -qq >>"$cache/apt-mariadb.log" 2>&1 || die "apt-get update failed, see $cache/apt-mariadb.log" "$own_server"
    DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" "$@" >>"$cache/apt-mariadb.log" 2>&1 \
      || die "apt-get install $* failed, see $cache/apt-mariadb.log" "$own_server"
  fi
}

install_mariadb() {
  local need=()
  { server && find_program mariadb-install-db; } >/dev/null || need+=(mariadb-server-core)
  client >/dev/null || need+=(mariadb-client-core)
  [ ${#need[@]} = 0 ] || apt_install "${need[@]}"
  { server && client; } >/dev/null || die "MariaDB is installed but its programs were not found" "$own_server"
}

# The data's folder: inside the checkout when its owner can get there.
data_dir() {
  if [ -n "${QUERENT_TEST_MARIADB_DIR:-}" ]; then printf '%s' "$QUERENT_TEST_MARIADB_DIR"; return; fi
  mkdir -p "$cache/servers"
  if as_owner test -x "$cache/servers" 2>/dev/null; then printf '%s' "$cache/servers/mariadb"; return; fi
  printf '%s/querent-test-mariadb-%s' "${TMPDIR:-/tmp}" "$(printf '%s' "$root" | cksum | cut -d' ' -f1)"
}

make_certificates() {
  local dir=$1/tls
  command -v openssl >/dev/null || apt_install openssl
  as_owner mkdir -p "$dir"
  as_owner openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=Querent test authority" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$dir/ca.key" -out "$dir/ca.crt" 2>/dev/null || die "openssl could not make the test authority"
  as_owner openssl req -new -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
  as_owner sh -c "printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >'$dir/server.ext'"
  as_owner openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 3650 \
    -extfile "$dir/server.ext" -out "$dir/server.crt" 2>/dev/null || die "openssl could not sign the server certificate"
  as_owner chmod 600 "$dir/server.key" "$dir/ca.key"
}

make_data() {
  local dir=$1 version
  version=$("$(server)" --no-defaults --version)
  [ "$(cat "$dir/ready" 2>/dev/null)" = "$version" ] && return 0
  rm -rf "$dir"
  mkdir -p "$dir/files"
  if is_root; then chown -R "$(owner)" "$dir"; fi
  chmod 700 "$dir"
  as_owner "$(find_program mariadb-install-db)" --no-defaults --datadir="$dir/data" --user="$(owner)" --skip-test-db \
    --auth-root-authentication-method=normal --innodb-flush-log-at-trx-commit=0 >"$cache/mariadb-install.log" 2>&1 \
    || die "mariadb-install-db failed, see $cache/mariadb-install.log" "$own_server"
  make_certificates "$dir"
  as_owner tee "$dir/my.cnf" >/dev/null <<CONF
[mariadbd]
datadir = $dir/data
socket = $dir/mariadb.sock
pid_file = $dir/mariadb.pid
bind_address = 127.0.0.1
skip_name_resolve
character_set_server = utf8mb4
max_connections = 200
innodb_buffer_pool_size = 128M
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
default_time_zone = '+00:00'
local_infile = ON
secure_file_priv = $dir/files
ssl_ca = $dir/tls/ca.crt
ssl_cert = $dir/tls/server.crt
ssl_key = $dir/tls/server.key
CONF
  as_owner sh -c "printf '%s' '$version' >'$dir/ready'"
}

process() { cat "$1/mariadb.pid" 2>/dev/null; }
# A process number alone can be somebody else's by now: it has to be a server of this folder.
running() {
  local pid
  pid=$(process "$1") || return 1
  [ -e "$1/port" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$1/my.cnf"
}
answers() { "$(client)" --no-defaults --protocol=tcp -h 127.0.0.1 -P "$1" -u root -e 'DO 1' >/dev/null 2>&1; }
port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
pick_port() {
  if [ -n "${QUERENT_TEST_MARIADB_PORT:-}" ]; then
    port_free "$QUERENT_TEST_MARIADB_PORT" || die "port $QUERENT_TEST_MARIADB_PORT is in use" "choose another in QUERENT_TEST_MARIADB_PORT"
    printf '%s' "$QUERENT_TEST_MARIADB_PORT"; return
  fi
  local port
  for port in $(seq 53306 53340); do if port_free "$port"; then printf '%s' "$port"; return; fi; done
  die "no free port between 53306 and 53340" "choose one in QUERENT_TEST_MARIADB_PORT"
}
print_url() { printf 'QUERENT_TEST_MARIADB_URL=mysql://root@127.0.0.1:%s/\n' "$(cat "$1/port")"; }

launch() {
  local dir=$1 port=$2 tries
  # a session of its own: an interrupt of the tests is not one of the server
  as_owner setsid "$(server)" --defaults-file="$dir/my.cnf" --port="$port" >>"$dir/server.log" 2>&1 </dev/null 9>&- &
  for tries in $(seq 300); do
    if answers "$port"; then return 0; fi
    if ! kill -0 $! 2>/dev/null; then return 1; fi
    sleep 0.2
  done
  return 1
}

start() {
  mkdir -p "$cache"
  exec 9>"$cache/mariadb.lock"
  flock 9
  install_mariadb
  local dir port
  dir=$(data_dir)
  make_data "$dir"
  if ! running "$dir"; then
    port=$(pick_port)
    if ! launch "$dir" "$port"; then
      # without its safeguards the data does not survive a crash of the machine; there is nothing in it to keep
      say "the server on $dir does not start; making its data anew"
      rm -rf "$dir"
      make_data "$dir"
      launch "$dir" "$port" \
        || { tail -n 5 "$dir/server.log" >&2; die "MariaDB did not start, see $dir/server.log" "$own_server"; }
    fi
    as_owner sh -c "echo $port >'$dir/port'"
  fi
  print_url "$dir"
}

stop() {
  local dir pid tries
  dir=$(data_dir)
  running "$dir" || return 0
  pid=$(process "$dir")
  kill -TERM "$pid" 2>/dev/null || true
  for tries in $(seq 300); do
    if ! kill -0 "$pid" 2>/dev/null; then
      as_owner rm -f "$dir/port" "$dir/mariadb.pid"
      return 0
    fi
    sleep 0.1
  done
  die "MariaDB did not stop, see $dir/server.log"
}

url() {
  { server && client; } >/dev/null || die "MariaDB is not installed" "run: $0 start"
  local dir
  dir=$(data_dir)
  running "$dir" || die "the test server is not running" "run: $0 start"
  print_url "$dir"
}

case "${1:-}" in start | stop | url) ;; *) say "usage: $0 start|stop|url"; exit 2 ;; esac
if [ -n "${QUERENT_TEST_MARIADB_URL:-}" ]; then
  [ "$1" = stop ] || printf 'QUERENT_TEST_MARIADB_URL=%s\n' "$QUERENT_TEST_MARIADB_URL"
  exit 0
fi
"$1"
