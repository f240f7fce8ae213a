#!/usr/bin/env bash
# Why: what the scripts that start servers for the tests have in common: packages, accounts, folders, ports, waiting, and the
# three commands. A script sets `server`, `port_first`, `port_last` and `own_server`, sources this, defines `start`, `stop`
# and `url`, and ends with `obey "$@"`.
#
#   QUERENT_TEST_<SERVER>_URL    a server of one's own: it is named and left alone
#   QUERENT_TEST_<SERVER>_DIR    where its data lives (default: .cache/servers/<server>, or the temporary folder when the account
#                                that runs the server cannot reach the checkout)
#   QUERENT_TEST_<SERVER>_PORT   its port (default: the first free one of the range)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache="$root/.cache"
prefix="QUERENT_TEST_${server^^}"
url_variable="${prefix}_URL" dir_variable="${prefix}_DIR" port_variable="${prefix}_PORT"

say() { printf '%s.sh: %s\n' "$server" "$*" >&2; }
die() { say "$1"; [ $# -lt 2 ] || say "  $2"; exit 1; }

is_root() { [ "$(id -u)" = 0 ]; }
# The account of the server when root starts it: the first of these that the system has. Servers refuse to run as root.
accounts=(nobody)
owner() {
  is_root || { id -un; return; }
  local name
  for name in "${accounts[@]}"; do if id "$name" >/dev/null 2>&1; then printf '%s' "$name"; return; fi; done
}
as_owner() { if is_root; then (cd / && runuser -u "$(owner)" -- "$@"); else "$@"; fi; }

# The path of the first of some programs that is installed.
find_program() {
  local name place
  for name in "$@"; do
    for place in "$(command -v "$name" || true)" "/usr/sbin/$name" "/usr/local/sbin/$name"; do
      if [ -n "$place" ] && [ -x "$place" ]; then printf '%s' "$place"; return 0; fi
    done
  done
  return 1
}

# Installs packages; only root can.
apt_install() {
  is_root || die "missing: $*, and only root can install packages" "run as root on Debian, or $own_server"
  command -v apt-get >/dev/null || die "missing: $*, and this system has no apt-get" "$own_server"
  local log="$cache/apt-$server.log" quiet=(-qq -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
  mkdir -p "$cache"
  say "installing $*"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" "$@" >"$log" 2>&1 9>&-; then
    apt-get update -qq >>"$log" 2>&1 9>&- || die "apt-get update failed, see $log" "$own_server"
    DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" "$@" >>"$log" 2>&1 9>&- \
      || die "apt-get install $* failed, see $log" "$own_server"
  fi
}
# Installs what is missing of PROGRAM or PROGRAM:PACKAGE.
need() {
  local word missing=()
  for word in "$@"; do find_program "${word%%:*}" >/dev/null || missing+=("${word##*:}"); done
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# The data's folder: inside the checkout when its owner can get there.
data_dir() {
  if [ -n "${!dir_variable:-}" ]; then printf '%s' "${!dir_variable}"; return; fi
  mkdir -p "$cache/servers"
  if as_owner test -x "$cache/servers" 2>/dev/null; then printf '%s/servers/%s' "$cache" "$server"; return; fi
  printf '%s/querent-test-%s-%s' "${TMPDIR:-/tmp}" "$server" "$(checkout)"
}
# A number for this checkout.
checkout() { printf '%s' "$root" | cksum | cut -d' ' -f1; }

# One start at a time in a checkout; servers must not hold the lock: give them 9>&-.
lock() {
  mkdir -p "$cache"
  exec 9>"$cache/$server.lock"
  flock 9
}

# An authority and a certificate of it for localhost, in $1/tls.
make_certificates() {
  local dir=$1/tls
  need openssl
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

port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# The port that the environment names, or the first free one of a range (default: the server's).
pick_port() {
  local port first=${1:-$port_first} last=${2:-$port_last}
  if [ $# = 0 ] && [ -n "${!port_variable:-}" ]; then
    port_free "${!port_variable}" || die "port ${!port_variable} is in use" "choose another in $port_variable"
    printf '%s' "${!port_variable}"; return
  fi
  for port in $(seq "$first" "$last"); do if port_free "$port"; then printf '%s' "$port"; return; fi; done
  die "no free port between $first and $last" "choose one in $port_variable"
}

# Whether process $1 lives and its command line has $2: a process number alone can be somebody else's by now.
is_ours() { [ -n "$1" ] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"; }
# Waits a minute at most until a command succeeds; gives up when process $1 has ended.
wait_until() {
  local pid=$1 tries
  shift
  for tries in $(seq 300); do
    if "$@"; then return 0; fi
    if ! kill -0 "$pid" 2>/dev/null; then return 1; fi
    sleep 0.2
  done
  return 1
}
# Ends process $2 by signal $1, and waits half a minute at most until it has.
end_process() {
  local tries
  kill "-$1" "$2" 2>/dev/null || true
  for tries in $(seq 300); do
    if ! kill -0 "$2" 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  return 1
}

# start, stop or url; a server of one's own is only named.
obey() {
  case "${1:-}" in start | stop | url) ;; *) say "usage: $0 start|stop|url"; exit 2 ;; esac
  if [ -n "${!url_variable:-}" ]; then
    [ "$1" = stop ] || printf '%s=%s\n' "$url_variable" "${!url_variable}"
    exit 0
  fi
  "$1"
}
