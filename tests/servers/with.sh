#!/usr/bin/env bash
# Starts the servers that the tests need, runs a command with their addresses in the environment, stops them again.
# A server that the environment already names (QUERENT_TEST_POSTGRES_URL, QUERENT_TEST_MARIADB_URL ...) is used as it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

started=()
# The address is taken out of the environment again: with it, a script would leave the server alone as somebody else's.
stop() {
  local name
  for name in "${started[@]}"; do env -u "$(variable "$name")" "$here/$name.sh" stop || true; done
}
trap stop EXIT
trap 'exit 130' INT TERM

variable() { printf 'QUERENT_TEST_%s_URL' "$(tr '[:lower:]' '[:upper:]' <<<"$1")"; }

bring_up() {
  local name=$1 line
  line=$(variable "$name")
  [ -z "${!line:-}" ] || return 0
  started+=("$name")
  "$here/$name.sh" start
  line=$("$here/$name.sh" url)
  export "${line?}"
}

bring_up postgres
bring_up mariadb
bring_up mysql
bring_up documents
bring_up sshd
bring_up oidc
"$@"
