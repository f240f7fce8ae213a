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

server=mysql port_first=53406 port_last=53440
own_server="set QUERENT_TEST_MYSQL_URL=mysql://user:password@host:port/ to use a server of your own"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
accounts=(mysql nobody)

# The server's program and what it needs to know of the folder that it was unpacked in.
server() {
  local unpacked words
  unpacked=$("$here/sid.sh" root) || die "MySQL is not unpacked" "run: $0 start; or $own_server"
  words=$("$here/sid.sh" command /usr/sbin/mysqld) || exit 1
  mapfile -t mysqld <<<"$words"
  defaults="$unpacked/usr"
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
running() { [ -e "$1/port" ] && is_ours "$(process "$1")" "$1/my.cnf"; }
# It greets with its version as soon as it takes logins.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && timeout 5 head -c 8 <&3 | grep -qa '[0-9]') 2>/dev/null; }
print_url() { printf 'QUERENT_TEST_MYSQL_URL=mysql://root@127.0.0.1:%s/\n' "$(cat "$1/port")"; }

launch() {
  local dir=$1 port=$2
  # a session of its own: an interrupt of the tests is not one of the server
  as_owner setsid "${mysqld[@]}" --defaults-file="$dir/my.cnf" --port="$port" >>"$dir/server.log" 2>&1 </dev/null 9>&- &
  wait_until $! answers "$port"
}

start() {
  lock
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
  local dir
  dir=$(data_dir)
  running "$dir" || return 0
  end_process TERM "$(process "$dir")" || die "MySQL did not stop, see $dir/server.log"
  as_owner rm -f "$dir/port" "$dir/mysql.pid"
}

url() {
  local dir
  dir=$(data_dir)
  running "$dir" || die "the test server is not running" "run: $0 start"
  print_url "$dir"
}

obey "$@"
