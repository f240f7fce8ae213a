#!/usr/bin/env bash
# Why: some tests need a program beside the servers: nginx in front of a daemon, promtool over its metrics. This installs or
# unpacks what is missing and prints where it is.
#
#   tests/servers/program.sh nginx
#   tests/servers/program.sh promtool
set -euo pipefail

name=${1:-}
server=program-$name
own_server="put $name on the PATH"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# A program of a Debian package whose installation would start a service: the package is unpacked only.
unpacked() {
  local package=$1 dir="$cache/programs/$1"
  if [ ! -x "$dir/usr/bin/$name" ]; then
    command -v apt-get >/dev/null || die "missing: $name, and this system has no apt-get" "$own_server"
    say "unpacking $package"
    mkdir -p "$dir/.deb"
    fetch() { (cd "$dir/.deb" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2); }
    fetch || { apt-get update -qq >&2 && fetch; } || die "apt-get download $package failed" "$own_server"
    dpkg-deb -x "$dir"/.deb/*.deb "$dir"
  fi
  printf '%s\n' "$dir/usr/bin/$name"
}

lock
case "$name" in
  nginx) need nginx:nginx-light; find_program nginx; echo ;;
  promtool) find_program promtool && echo || unpacked prometheus ;;
  *) say "usage: $0 nginx|promtool"; exit 2 ;;
esac
