#!/usr/bin/env bash
# Why: sign-in with an identity provider is tested against a real one: oidc-provider of the npm registry, which is certified
# by the OpenID Foundation, as tests/servers/oidc sets it up.
#
#   tests/servers/oidc.sh start   install what is missing, start, print `QUERENT_TEST_OIDC_URL=http://127.0.0.1:PORT`
#   tests/servers/oidc.sh url     print that line again (fails when it is not running)
#   tests/servers/oidc.sh stop    stop what `start` started
#
# Environment
#   QUERENT_TEST_OIDC_URL    a provider that is set up the same and runs already: nothing is started
#   QUERENT_TEST_OIDC_PORT   its port (default: the first free one from 57217 on)
set -euo pipefail
server=oidc port_first=57217 port_last=57277
own_server="set QUERENT_TEST_OIDC_URL=http://host:port to use a provider of your own"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
state="$cache/servers/oidc"

pid() { cat "$state/pid" 2>/dev/null || true; }
runs() { [ -e "$state/port" ] && is_ours "$(pid)" "$state/provider.mjs"; }
print_url() { printf 'QUERENT_TEST_OIDC_URL=http://127.0.0.1:%s\n' "$(cat "$state/port")"; }

install_provider() {
  need node:nodejs npm
  if ! cmp -s "$here/oidc/package.json" "$state/installed.json"; then
    say "installing oidc-provider"
    cp "$here/oidc/package.json" "$state/package.json"
    (cd "$state" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
      >"$cache/oidc-npm.log" 2>&1 9>&-) || die "npm install failed, see $cache/oidc-npm.log" "$own_server"
    cp "$state/package.json" "$state/installed.json"
  fi
  cp "$here/oidc/provider.mjs" "$state/provider.mjs"
}

start() {
  mkdir -p "$state"
  lock
  if runs && cmp -s "$here/oidc/provider.mjs" "$state/provider.mjs"; then print_url; return 0; fi
  stop
  install_provider
  local port
  port=$(pick_port)
  : >"$state/out"
  # a session of its own: an interrupt of the tests is not one of the server
  setsid node "$state/provider.mjs" "$port" >"$state/out" 2>"$state/log" </dev/null 9>&- &
  echo $! >"$state/pid"
  if wait_until $! grep -q listening "$state/out"; then echo "$port" >"$state/port"; print_url; return 0; fi
  tail -n 5 "$state/log" >&2
  die "the provider did not start, see $state/log"
}

stop() {
  local process
  process=$(pid)
  ! is_ours "$process" "$state/provider.mjs" || end_process TERM "$process" || true
  rm -f "$state/port" "$state/pid"
}

url() {
  runs || die "the provider is not running" "run: $0 start"
  print_url
}

obey "$@"
