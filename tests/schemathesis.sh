#!/usr/bin/env bash
# Tries the API against its own description: schemathesis sends what the document allows and what it does not, and every
# answer must be one that the document names, and none a fault of the server.
# Usage: tests/schemathesis.sh [BINARY] [EXAMPLES]   a built querent; requests made up for each operation
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=${1:-"${CARGO_TARGET_DIR:-$root/target}/debug/querent"}
examples=${2:-5}

venv="$root/.cache/schemathesis"
if ! "$venv/bin/st" --version >/dev/null 2>&1; then
  mkdir -p "$root/.cache"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'schemathesis==4.*'
fi

work=$(mktemp -d)
daemon=
stop() {
  [ -z "$daemon" ] || { kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null; } || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# something to find: a database, a chat with an answer, a query with a result
"$venv/bin/python" - "$work/shop.db" <<'SHOP'
import sqlite3, sys
shop = sqlite3.connect(sys.argv[1])
shop.executescript("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, country TEXT);"
                   "INSERT INTO customers VALUES (1, 'Ada', 'Norway'), (2, 'Ben', 'Peru');")
SHOP
port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export QUERENT_LOG_LEVEL=warn QUERENT_NETWORK_DENY=0.0.0.0/0,::/0
querent() { "$binary" --data-dir "$work/data" "$@"; }
querent connection add shop "sqlite:$work/shop.db" >/dev/null
querent crawl --on shop >/dev/null 2>&1
querent ask --on shop "how many customers are there" >/dev/null 2>&1
# not by the function: the number would be a shell's
"$binary" --data-dir "$work/data" serve --listen "127.0.0.1:$port" >"$work/log" 2>&1 &
daemon=$!
for _ in $(seq 200); do
  "$venv/bin/python" -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/readyz')" 2>/dev/null && break
  kill -0 "$daemon" || { cat "$work/log"; exit 1; }
done

QUERENT_TOKEN=$(cat "$work/data/owner.token")
QUERENT_BASE="http://127.0.0.1:$port"
export QUERENT_TOKEN QUERENT_BASE SCHEMATHESIS_HOOKS=schemathesis_hooks
status=0
PYTHONPATH="$root/tests" "$venv/bin/st" run "$QUERENT_BASE/openapi.json" --header "Authorization: Bearer $QUERENT_TOKEN" \
  --max-examples "$examples" --generation-deterministic --request-timeout 30 --suppress-health-check all \
  --warnings off --phases examples,coverage,fuzzing \
  --exclude-checks positive_data_acceptance,negative_data_rejection,missing_required_header --continue-on-failure || status=$?
kill -0 "$daemon" || { echo "the daemon ended:"; cat "$work/log"; exit 1; }
[ "$status" = 0 ] || { echo "the daemon's log:"; tail -n 40 "$work/log"; }
exit "$status"
