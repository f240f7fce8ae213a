#!/usr/bin/env bash
# Why: the tests need a real PostgreSQL with pgvector; this brings one up beside whatever the machine already runs.
#
#   tests/servers/postgres.sh start   install what is missing, start, print `QUERENT_TEST_POSTGRES_URL=...`
#   tests/servers/postgres.sh url     print that line again (fails when the server is not running)
#   tests/servers/postgres.sh stop    stop what `start` started
#
# Environment
#   QUERENT_TEST_POSTGRES_URL   a server of your own (superuser, pgvector installed): used as it is, nothing is started.
#                               The tests of logins also need TLS and the two roles below in its pg_hba.conf.
#   QUERENT_TEST_POSTGRES_DIR   where the cluster lives (default: .cache/servers/postgres, or the temporary folder when
#                               user postgres cannot reach the checkout)
#   QUERENT_TEST_POSTGRES_PORT  its port (default: the first free one from 54329 on)
#
# Logins: superuser `postgres` (trust on loopback and on the socket in the cluster's folder); members of role `querent_password` need their password and
# members of `querent_tls_only` come in over TLS only.
set -euo pipefail

VERSION=15
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache="$root/.cache"

say() { printf 'postgres.sh: %s\n' "$*" >&2; }
die() { say "$1"; [ $# -lt 2 ] || say "  $2"; exit 1; }
own_server="set QUERENT_TEST_POSTGRES_URL=postgres://user:password@host:port/postgres to use a server of your own"

is_root() { [ "$(id -u)" = 0 ]; }
# Runs a command as the account that owns the cluster: initdb and pg_ctl refuse root.
as_owner() { if is_root; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

find_bin() {
  local dir
  for dir in "/usr/lib/postgresql/$VERSION/bin" /usr/lib/postgresql/*/bin "$(command -v pg_config >/dev/null && pg_config --bindir || true)"; do
    if [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then printf '%s' "$dir"; return 0; fi
  done
  return 1
}

apt_install() {
  is_root || die "missing: $*, and only root can install packages" "run as root on Debian, or $own_server"
  command -v apt-get >/dev/null || die "missing: $*, and this system has no apt-get" "$own_server"
  local quiet=(-qq -y --no-install-recommends -o Dpkg::Use-Pty=0)
  say "installing $*"
  if ! DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" "$@" >"$cache/apt.log" 2>&1; then
    apt-get update -qq >>"$cache/apt.log" 2>&1 || die "apt-get update failed, see $cache/apt.log" "$own_server"
    DEBIAN_FRONTEND=noninteractive apt-get install "${quiet[@]}" "$@" >>"$cache/apt.log" 2>&1 \
      || die "apt-get install $* failed, see $cache/apt.log" "$own_server"
  fi
}

install_postgres() {
  find_bin >/dev/null && return 0
  # The package makes and starts a cluster of its own unless told not to; the answer is given before it is asked.
  if is_root && command -v apt-get >/dev/null && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    apt_install postgresql-common
    if [ -e /etc/postgresql-common/createcluster.conf ]; then
      sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    fi
  fi
  apt_install "postgresql-$VERSION"
  find_bin >/dev/null || die "postgresql-$VERSION is installed but its programs were not found" "$own_server"
}

# Debian 12 has no pgvector: build it from the newer suite's source package, with a source list of our own.
install_pgvector() {
  local bin=$1 share lib major src="$cache/pgvector" mirror
  share=$("$bin/pg_config" --sharedir 2>/dev/null || printf '/usr/share/postgresql/%s' "$VERSION")
  lib=$("$bin/pg_config" --pkglibdir 2>/dev/null || printf '%s/lib' "$(dirname "$bin")")
  [ -e "$share/extension/vector.control" ] && [ -e "$lib/vector.so" ] && return 0
  is_root || die "pgvector is not installed for $bin" "install it, or $own_server"
  major=$(basename "$(dirname "$bin")")
  local need=() tool
  [ -e "/usr/include/postgresql/$major/server/postgres.h" ] || need+=("postgresql-server-dev-$major")
  for tool in make gcc xz:xz-utils dpkg-source:dpkg-dev; do
    command -v "${tool%%:*}" >/dev/null || need+=("${tool##*:}")
  done
  [ ${#need[@]} = 0 ] || apt_install "${need[@]}"

  mkdir -p "$src/lists/partial" "$src/archives/partial"
  if ! compgen -G "$src/pgvector_*.dsc" >/dev/null; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Origin: Debian' \
      | grep -v security | head -n 1)
    [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)
    [ -n "$mirror" ] || die "apt knows no Debian mirror to take pgvector's source from" "$own_server"
    local signed=/usr/share/keyrings/debian-archive-keyring.gpg
    printf 'deb-src [signed-by=%s] %s trixie main\n' "$signed" "$mirror" >"$src/sources.list"
    local apt=(-qq -o "Dir::Etc::SourceList=$src/sources.list" -o Dir::Etc::SourceParts=/dev/null
      -o "Dir::State::Lists=$src/lists" -o "Dir::Cache=$src" -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update >"$cache/apt.log" 2>&1 || die "reading the source list failed, see $cache/apt.log" "$own_server"
    (cd "$src" && apt-get "${apt[@]}" source --download-only pgvector >>"$cache/apt.log" 2>&1) \
      || die "pgvector's source package could not be fetched, see $cache/apt.log" "$own_server"
  fi
  say "building pgvector"
  rm -rf "$src/tree"
  (cd "$src" && dpkg-source --no-check -x pgvector_*.dsc tree >>"$cache/apt.log" 2>&1) || die "unpacking pgvector failed, see $cache/apt.log"
  local make=(make -C "$src/tree" -s with_llvm=no OPTFLAGS= "PG_CONFIG=$bin/pg_config")
  { "${make[@]}" "-j$(nproc)" && "${make[@]}" install; } >>"$cache/apt.log" 2>&1 || die "building pgvector failed, see $cache/apt.log"
}

# The cluster's folder: inside the checkout when its owner can get there.
cluster_dir() {
  if [ -n "${QUERENT_TEST_POSTGRES_DIR:-}" ]; then printf '%s' "$QUERENT_TEST_POSTGRES_DIR"; return; fi
  mkdir -p "$cache/servers"
  if as_owner test -x "$cache/servers" 2>/dev/null; then printf '%s' "$cache/servers/postgres"; return; fi
  printf '%s/querent-test-postgres-%s' "${TMPDIR:-/tmp}" "$(printf '%s' "$root" | cksum | cut -d' ' -f1)"
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

make_cluster() {
  local dir=$1 bin=$2
  local major
  major=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  [ -e "$dir/ready" ] && [ "$(cat "$dir/data/PG_VERSION" 2>/dev/null)" = "$major" ] \
    && grep -q '^local' "$dir/data/pg_hba.conf" && return 0
  rm -rf "$dir"
  mkdir -p "$dir"
  if is_root; then chown postgres "$dir"; fi
  chmod 700 "$dir"
  as_owner "$bin/initdb" -D "$dir/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$cache/initdb.log" 2>&1 \
    || die "initdb failed, see $cache/initdb.log" "$own_server"
  make_certificates "$dir"
  as_owner tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
timezone = 'UTC'
ssl = on
ssl_cert_file = '$dir/tls/server.crt'
ssl_key_file = '$dir/tls/server.key'
ssl_ca_file = '$dir/tls/ca.crt'
CONF
  as_owner tee "$dir/data/pg_hba.conf" >/dev/null <<'CONF'
local     all all                            trust
hostnossl all +querent_tls_only 127.0.0.1/32 reject
host      all +querent_password 127.0.0.1/32 scram-sha-256
host      all all               127.0.0.1/32 trust
CONF
  as_owner touch "$dir/ready"
}

running() { [ -e "$1/port" ] && as_owner "$2/pg_ctl" status -D "$1/data" >/dev/null 2>&1; }
port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
pick_port() {
  if [ -n "${QUERENT_TEST_POSTGRES_PORT:-}" ]; then
    port_free "$QUERENT_TEST_POSTGRES_PORT" || die "port $QUERENT_TEST_POSTGRES_PORT is in use" "choose another in QUERENT_TEST_POSTGRES_PORT"
    printf '%s' "$QUERENT_TEST_POSTGRES_PORT"; return
  fi
  local port
  for port in $(seq 54329 54360); do if port_free "$port"; then printf '%s' "$port"; return; fi; done
  die "no free port between 54329 and 54360" "choose one in QUERENT_TEST_POSTGRES_PORT"
}
print_url() { printf 'QUERENT_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:%s/postgres\n' "$(cat "$1/port")"; }

launch() {
  as_owner "$2/pg_ctl" start -w -t 60 -D "$1/data" -l "$1/server.log" -o "-p $3 -k '$1'" >"$cache/pg_ctl.log" 2>&1 9>&-
}

start() {
  mkdir -p "$cache"
  exec 9>"$cache/postgres.lock"
  flock 9
  install_postgres
  local bin dir port
  bin=$(find_bin)
  install_pgvector "$bin"
  dir=$(cluster_dir)
  make_cluster "$dir" "$bin"
  if ! running "$dir" "$bin"; then
    port=$(pick_port)
    if ! launch "$dir" "$bin" "$port"; then
      # without fsync a cluster does not survive a crash of the machine; there is nothing in it to keep
      say "the cluster in $dir does not start; making it anew"
      rm -rf "$dir"
      make_cluster "$dir" "$bin"
      launch "$dir" "$bin" "$port" \
        || { tail -n 5 "$dir/server.log" >&2; die "PostgreSQL did not start, see $dir/server.log" "$own_server"; }
    fi
    as_owner sh -c "echo $port >'$dir/port'"
    as_owner "$bin/psql" -X -q -h 127.0.0.1 -p "$port" -U postgres -d postgres -c "DO \$\$ BEGIN
      CREATE ROLE querent_password NOLOGIN; CREATE ROLE querent_tls_only NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$" >&2
  fi
  print_url "$dir"
}

stop() {
  local bin dir
  bin=$(find_bin) || return 0
  dir=$(cluster_dir)
  running "$dir" "$bin" || return 0
  as_owner "$bin/pg_ctl" stop -w -m fast -D "$dir/data" >/dev/null || die "PostgreSQL did not stop, see $dir/server.log"
  as_owner rm -f "$dir/port"
}

url() {
  local bin dir
  bin=$(find_bin) || die "PostgreSQL is not installed" "run: $0 start"
  dir=$(cluster_dir)
  running "$dir" "$bin" || die "the test server is not running" "run: $0 start"
  print_url "$dir"
}

case "${1:-}" in start | stop | url) ;; *) say "usage: $0 start|stop|url"; exit 2 ;; esac
if [ -n "${QUERENT_TEST_POSTGRES_URL:-}" ]; then
  [ "$1" = stop ] || printf 'QUERENT_TEST_POSTGRES_URL=%s\n' "$QUERENT_TEST_POSTGRES_URL"
  exit 0
fi
"$1"
