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
server=postgres port_first=54329 port_last=54360
own_server="set QUERENT_TEST_POSTGRES_URL=postgres://user:password@host:port/postgres to use a server of your own"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
accounts=(postgres)

find_bin() {
  local dir
  for dir in "/usr/lib/postgresql/$VERSION/bin" /usr/lib/postgresql/*/bin "$(command -v pg_config >/dev/null && pg_config --bindir || true)"; do
    if [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then printf '%s' "$dir"; return 0; fi
  done
  return 1
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
  [ -e "/usr/include/postgresql/$major/server/postgres.h" ] || apt_install "postgresql-server-dev-$major"
  need make gcc xz:xz-utils dpkg-source:dpkg-dev

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
    apt-get "${apt[@]}" update >"$cache/apt-postgres.log" 2>&1 || die "reading the source list failed, see $cache/apt-postgres.log" "$own_server"
    (cd "$src" && apt-get "${apt[@]}" source --download-only pgvector >>"$cache/apt-postgres.log" 2>&1) \
      || die "pgvector's source package could not be fetched, see $cache/apt-postgres.log" "$own_server"
  fi
  say "building pgvector"
  rm -rf "$src/tree"
  (cd "$src" && dpkg-source --no-check -x pgvector_*.dsc tree >>"$cache/apt-postgres.log" 2>&1) || die "unpacking pgvector failed, see $cache/apt-postgres.log"
  local make=(make -C "$src/tree" -s with_llvm=no OPTFLAGS= "PG_CONFIG=$bin/pg_config")
  { "${make[@]}" "-j$(nproc)" && "${make[@]}" install; } >>"$cache/apt-postgres.log" 2>&1 || die "building pgvector failed, see $cache/apt-postgres.log"
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
print_url() { printf 'QUERENT_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:%s/postgres\n' "$(cat "$1/port")"; }

launch() {
  as_owner "$2/pg_ctl" start -w -t 60 -D "$1/data" -l "$1/server.log" -o "-p $3 -k '$1'" >"$cache/pg_ctl.log" 2>&1 9>&-
}

start() {
  lock
  install_postgres
  local bin dir port
  bin=$(find_bin)
  install_pgvector "$bin"
  dir=$(data_dir)
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
  dir=$(data_dir)
  running "$dir" "$bin" || return 0
  as_owner "$bin/pg_ctl" stop -w -m fast -D "$dir/data" >/dev/null || die "PostgreSQL did not stop, see $dir/server.log"
  as_owner rm -f "$dir/port"
}

url() {
  local bin dir
  bin=$(find_bin) || die "PostgreSQL is not installed" "run: $0 start"
  dir=$(data_dir)
  running "$dir" "$bin" || die "the test server is not running" "run: $0 start"
  print_url "$dir"
}

obey "$@"
