#!/usr/bin/env bash
# Why: the tests need a real MySQL, which Debian carries in its newest suite only; `sid.sh` unpacks it, this brings one up
# beside whatever the machine already runs.
#
#   tests/servers/mysql.sh start   unpack what is missing, start, print `QUERENT_TEST_MYSQL_URL=...`
#   tests/servers/mysql.sh url     print that line again (fails when the server is not running)
#   tests/servers/mysql.sh stop    stop what `start` started
#
# Environment
#   QUERENT_TEST_MYSQL_URL   a server of your own (a login that may do everything): used as it is, nothing is started.
#                              The tests of TLS also need a certificate for it.
#   QUERENT_TEST_MYSQL_DIR   where the data lives (default: .cache/servers/mysql, or the temporary folder when the
#                              account that runs the server cannot reach the checkout)
#   QUERENT_TEST_MYSQL_PORT  its port (default: the first free one from 53406 on)
#
#   QUERENT_TEST_SID_DIR     see sid.sh
#
# Logins: `root` without a password, on loopback, by caching_sha2_password as all users. TLS is offered, with a certificate
# of the authority in tls/ca.crt. The socket is mysql.sock in the data's folder. The server's clock is not UTC, so that a
# moment read by it shows.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache="$root/.cache"

say() { printf 'mysql.sh: %s\n' "$*" >&2; }
die() { say "$1"; [ $# -lt 2 ] || say "  $2"; exit 1; }
own_server="set QUERENT_TEST_MYSQL_URL=mysql://user:password@host:port/ to use a server of your own"

is_root() { [ "$(id -u)" = 0 ]; }
# The server refuses to run as root, and any other account will do.
owner() { if ! is_root; then id -un; elif id mysql >/dev/null 2>&1; then echo mysql; else echo nobody; fi; }
as_owner() { if is_root; then (cd / && runuser -u "$(owner)" -- "$@"); else "$@"; fi; }

# The server's program and what it needs to know of the folder that it was unpacked in.
server() {
  local unpacked words
  unpacked=$("$here/sid.sh" root) || die "MySQL is not unpacked" "run: $0 start; or $own_server"
  words=$("$here/sid.sh" command /usr/sbin/mysqld) || exit 1
  mapfile -t mysqld <<<"$words"
  defaults="$unpacked/usr"
}

# The data's folder: inside the checkout when its owner can get there.
data_dir() {
  if [ -n "${QUERENT_TEST_MYSQL_DIR:-}" ]; then printf '%s' "$QUERENT_TEST_MYSQL_DIR"; return; fi
  mkdir -p "$cache/servers"
  if as_owner test -x "$cache/servers" 2>/dev/null; then printf '%s' "$cache/servers/mysql"; return; fi
  printf '%s/querent-test-mysql-%s' "${TMPDIR:-/tmp}" "$(printf '%s' "$root" | cksum | cut -d' ' -f1)"
}

make_certificates() {
  local dir=$1/tls
  command -v openssl >/dev/null || die "missing: openssl" "install it, or $own_server"
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
  version=$("${mysqld[@]}" --no-defaults --version)
  [ "$(cat "$dir/ready" 2>/dev/null)" = "$version" ] && return 0
  rm -rf "$dir"
  mkdir -p "$dir/files"
  if is_root; then chown -R "$(owner)" "$dir"; fi
  chmod 700 "$dir"
  make_certificates "$dir"
  as_owner tee "$dir/my.cnf" >/dev/null <<CONF
[mysqld]
basedir = $defaults
lc_messages_dir = $defaults/share/mysql
character_sets_dir = $defaults/share/mysql/charsets
plugin_dir = $defaults/lib/mysql/plugin
datadir = $dir/data
socket = $dir/mysql.sock
pid_file = $dir/mysql.pid
bind_address = 127.0.0.1
skip_name_resolve
skip_log_bin
mysqlx = OFF
max_connections = 200
innodb_buffer_pool_size = 128M
innodb_redo_log_capacity = 64M
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = OFF
log_bin_trust_function_creators = ON
default_time_zone = '+05:30'
local_infile = ON
secure_file_priv = $dir/files
ssl_ca = $dir/tls/ca.crt
ssl_cert = $dir/tls/server.crt
ssl_key = $dir/tls/server.key
CONF
  as_owner tee "$dir/logins.sql" >/dev/null <<'SQL'
CREATE USER root@127.0.0.1 IDENTIFIED BY '';
GRANT ALL ON *.* TO root@127.0.0.1 WITH GRANT OPTION;
SQL
  as_owner "${mysqld[@]}" --defaults-file="$dir/my.cnf" --initialize-insecure --init-file="$dir/logins.sql" \
    >"$cache/mysql-install.log" 2>&1 9>&- || die "mysqld --initialize failed, see $cache/mysql-install.log" "$own_server"
  as_owner sh -c "printf '%s' '$version' >'$dir/ready'"
}

process() { cat "$1/mysql.pid" 2>/dev/null; }
# A process number alone can be somebody else's by now: it has to be a server of this folder.
running() {
  local pid
  pid=$(process "$1") || return 1
  [ -e "$1/port" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$1/my.cnf"
}
# It greets with its version as soon as it takes logins.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && timeout 5 head -c 8 <&3 | grep -qa '[0-9]') 2>/dev/null; }
port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
pick_port() {
  if [ -n "${QUERENT_TEST_MYSQL_PORT:-}" ]; then
    port_free "$QUERENT_TEST_MYSQL_PORT" || die "port $QUERENT_TEST_MYSQL_PORT is in use" "choose another in QUERENT_TEST_MYSQL_PORT"
    printf '%s' "$QUERENT_TEST_MYSQL_PORT"; return
  fi
  local port
  for port in $(seq 53406 53440); do if port_free "$port"; then printf '%s' "$port"; return; fi; done
  die "no free port between 53406 and 53440" "choose one in QUERENT_TEST_MYSQL_PORT"
}
print_url() { printf 'QUERENT_TEST_MYSQL_URL=mysql://root@127.0.0.1:%s/\n' "$(cat "$1/port")"; }

launch() {
  local dir=$1 port=$2 tries
  # a session of its own: an interrupt of the tests is not one of the server
  as_owner setsid "${mysqld[@]}" --defaults-file="$dir/my.cnf" --port="$port" >>"$dir/server.log" 2>&1 </dev/null 9>&- &
  for tries in $(seq 300); do
    if answers "$port"; then return 0; fi
    if ! kill -0 $! 2>/dev/null; then return 1; fi
    sleep 0.2
  done
  return 1
}

start() {
  mkdir -p "$cache"
  exec 9>"$cache/mysql.lock"
  flock 9
  "$here/sid.sh" unpack >/dev/null 9>&- || exit 1
  local dir port
  server
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
        || { tail -n 5 "$dir/server.log" >&2; die "MySQL did not start, see $dir/server.log" "$own_server"; }
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
      as_owner rm -f "$dir/port" "$dir/mysql.pid"
      return 0
    fi
    sleep 0.1
  done
  die "MySQL did not stop, see $dir/server.log"
}

url() {
  local dir
  dir=$(data_dir)
  running "$dir" || die "the test server is not running" "run: $0 start"
  print_url "$dir"
}

case "${1:-}" in start | stop | url) ;; *) say "usage: $0 start|stop|url"; exit 2 ;; esac
if [ -n "${QUERENT_TEST_MYSQL_URL:-}" ]; then
  [ "$1" = stop ] || printf 'QUERENT_TEST_MYSQL_URL=%s\n' "$QUERENT_TEST_MYSQL_URL"
  exit 0
fi
"$1"
