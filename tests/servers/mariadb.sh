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

server=mariadb port_first=53306 port_last=53340
own_server="set QUERENT_TEST_MARIADB_URL=mysql://user:password@host:port/ to use a server of your own"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# the packages without the service make no account
accounts=(mysql nobody)

server() { find_program mariadbd; }
client() { find_program mariadb; }

install_mariadb() {
  need mariadbd:mariadb-server-core mariadb-install-db:mariadb-server-core mariadb:mariadb-client-core
  { server && client; } >/dev/null || die "MariaDB is installed but its programs were not found" "$own_server"
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
running() { [ -e "$1/port" ] && is_ours "$(process "$1")" "$1/my.cnf"; }
answers() { "$(client)" --no-defaults --protocol=tcp -h 127.0.0.1 -P "$1" -u root -e 'DO 1' >/dev/null 2>&1; }
print_url() { printf 'QUERENT_TEST_MARIADB_URL=mysql://root@127.0.0.1:%s/\n' "$(cat "$1/port")"; }

launch() {
  local dir=$1 port=$2
  # a session of its own: an interrupt of the tests is not one of the server
  as_owner setsid "$(server)" --defaults-file="$dir/my.cnf" --port="$port" >>"$dir/server.log" 2>&1 </dev/null 9>&- &
  wait_until $! answers "$port"
}

start() {
  lock
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
  local dir
  dir=$(data_dir)
  running "$dir" || return 0
  end_process TERM "$(process "$dir")" || die "MariaDB did not stop, see $dir/server.log"
  as_owner rm -f "$dir/port" "$dir/mariadb.pid"
}

url() {
  { server && client; } >/dev/null || die "MariaDB is not installed" "run: $0 start"
  local dir
  dir=$(data_dir)
  running "$dir" || die "the test server is not running" "run: $0 start"
  print_url "$dir"
}

obey "$@"
