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

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache="$root/.cache"
dir=${QUERENT_TEST_SSHD_DIR:-$cache/servers/sshd}

say() { printf 'sshd.sh: %s\n' "$*" >&2; }
die() { say "$1"; [ $# -lt 2 ] || say "  $2"; exit 1; }
own_server="set QUERENT_TEST_SSHD_URL=ssh://user@host:port/folder to use a server of your own"
is_root() { [ "$(id -u)" = 0 ]; }

# sshd starts itself again for every client, so it is called by its whole path
server() {
  local place
  for place in "$(command -v sshd || true)" /usr/sbin/sshd /usr/local/sbin/sshd; do
    [ -n "$place" ] && [ -x "$place" ] && { printf '%s' "$place"; return 0; }
  done
  return 1
}

install_sshd() {
  { server && command -v ssh-keygen; } >/dev/null && return 0
  is_root || die "missing: openssh-server, and only root can install packages" "$own_server"
  command -v apt-get >/dev/null || die "missing: openssh-server, and this system has no apt-get" "$own_server"
  local quiet=(-qq -y --no-install-recommends -o Dpkg::Use-Pty=0)
  say "installing openssh-server"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" openssh-server >"$cache/apt-sshd.log" 2>&1; then
    apt-get update -qq >>"$cache/apt-sshd.log" 2>&1 || die "apt-get update failed, see $cache/apt-sshd.log" "$own_server"
    DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" openssh-server >>"$cache/apt-sshd.log" 2>&1 \
      || die "apt-get install openssh-server failed, see $cache/apt-sshd.log" "$own_server"
  fi
  server >/dev/null || die "openssh-server is installed but sshd was not found" "$own_server"
}

running() { [ -s "$dir/sshd.pid" ] && kill -0 "$(cat "$dir/sshd.pid")" 2>/dev/null; }

pick_port() {
  if [ -n "${QUERENT_TEST_SSHD_PORT:-}" ]; then printf '%s' "$QUERENT_TEST_SSHD_PORT"; return; fi
  local port
  for port in $(seq 52222 52299); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { printf '%s' "$port"; return; }
  done
  die "no free port from 52222 to 52299"
}

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
  local tries
  for tries in $(seq 100); do
    if running && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port" >"$dir/port"; return 0; fi
    sleep 0.1
  done
  return 1
}

print_url() { printf 'QUERENT_TEST_SSHD_URL=ssh://%s@127.0.0.1:%s%s\n' "$(id -un)" "$(cat "$dir/port")" "$dir"; }

start() {
  mkdir -p "$cache" "$dir"
  chmod 700 "$dir"
  exec 9>"$cache/sshd.lock"
  flock 9
  install_sshd
  make_keys
  # the server must not hold the lock for as long as it runs
  running || launch "$(pick_port)" 9>&- || { tail -n 5 "$dir/sshd.log" >&2; die "sshd did not start, see $dir/sshd.log" "$own_server"; }
  print_url
}

stop() {
  running || return 0
  kill -TERM "$(cat "$dir/sshd.pid")" 2>/dev/null || true
  local tries
  for tries in $(seq 100); do
    running || { rm -f "$dir/port" "$dir/sshd.pid"; return 0; }
    sleep 0.1
  done
  die "sshd did not stop, see $dir/sshd.log"
}

url() {
  running || die "the test server is not running" "run: $0 start"
  print_url
}

case "${1:-}" in start | stop | url) ;; *) say "usage: $0 start|stop|url"; exit 2 ;; esac
if [ -n "${QUERENT_TEST_SSHD_URL:-}" ]; then
  [ "$1" = stop ] || printf 'QUERENT_TEST_SSHD_URL=%s\n' "$QUERENT_TEST_SSHD_URL"
  exit 0
fi
"$1"
