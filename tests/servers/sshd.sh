#!/usr/bin/env bash
# Why: tests of SSH tunnels need a real SSH server; this brings one up on a port of its own, with keys of its own.
#
#   tests/servers/sshd.sh start   install what is missing, start, print `QUERENT_TEST_SSHD_URL=...`
#   tests/servers/sshd.sh url     print that line again (fails when the server is not running)
#   tests/servers/sshd.sh stop    stop what `start` started
#
# The line is ssh://USER@127.0.0.1:PORT/FOLDER: the account that runs this script, and a folder with client_key,
# locked_key (passphrase: tunnel), stranger_key (which may not log in), known_hosts and wrong_known_hosts (another key).
#
# Environment
#   QUERENT_TEST_SSHD_URL    a server of your own with such a folder: used as it is, nothing is started
#   QUERENT_TEST_SSHD_DIR    where keys and log live (default: .cache/servers/sshd)
#   QUERENT_TEST_SSHD_PORT   its port (default: the first free one from 52222 on)
set -euo pipefail

server=sshd port_first=52222 port_last=52299
own_server="set QUERENT_TEST_SSHD_URL=ssh://user@host:port/folder to use a server of your own"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
dir=${QUERENT_TEST_SSHD_DIR:-$cache/servers/sshd}

# sshd starts itself again for every client, so it is called by its whole path
server() { find_program sshd; }

running() { [ -s "$dir/sshd.pid" ] && is_ours "$(cat "$dir/sshd.pid")" "$dir/sshd_config"; }

make_keys() {
  local name
  for name in host_key client_key stranger_key; do
    [ -f "$dir/$name" ] || ssh-keygen -q -t ed25519 -N '' -C "querent test" -f "$dir/$name"
  done
  # a second kind of host key, which is not among the known ones: it must not be asked for
  [ -f "$dir/host_rsa" ] || ssh-keygen -q -t rsa -b 2048 -N '' -C "querent test" -f "$dir/host_rsa"
  [ -f "$dir/locked_key" ] || ssh-keygen -q -t ed25519 -N tunnel -C "querent test" -f "$dir/locked_key"
  cat "$dir/client_key.pub" "$dir/locked_key.pub" >"$dir/authorized_keys"
  chmod 600 "$dir/authorized_keys"
}

answers() { running && ! port_free "$1"; }

launch() {
  local port=$1
  printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1-2 "$dir/host_key.pub")" >"$dir/known_hosts"
  printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1-2 "$dir/stranger_key.pub")" >"$dir/wrong_known_hosts"
  cat >"$dir/sshd_config" <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $dir/host_key
HostKey $dir/host_rsa
PidFile $dir/sshd.pid
AuthorizedKeysFile $dir/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowTcpForwarding yes
X11Forwarding no
CONFIG
  ! is_root || mkdir -p /run/sshd
  "$(server)" -f "$dir/sshd_config" -E "$dir/sshd.log"
  # it goes to the background by itself
  wait_until $$ answers "$port" || return 1
  echo "$port" >"$dir/port"
}

print_url() { printf 'QUERENT_TEST_SSHD_URL=ssh://%s@127.0.0.1:%s%s\n' "$(id -un)" "$(cat "$dir/port")" "$dir"; }

start() {
  mkdir -p "$dir"
  chmod 700 "$dir"
  lock
  need sshd:openssh-server ssh-keygen:openssh-client
  make_keys
  # the server must not hold the lock for as long as it runs
  running || launch "$(pick_port)" 9>&- || { tail -n 5 "$dir/sshd.log" >&2; die "sshd did not start, see $dir/sshd.log" "$own_server"; }
  print_url
}

stop() {
  running || return 0
  end_process TERM "$(cat "$dir/sshd.pid")" || die "sshd did not stop, see $dir/sshd.log"
  rm -f "$dir/port" "$dir/sshd.pid"
}

url() {
  running || die "the test server is not running" "run: $0 start"
  print_url
}

obey "$@"
