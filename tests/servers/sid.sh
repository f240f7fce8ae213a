#!/usr/bin/env bash
# Why: some servers of the tests are packaged in a newer Debian suite only; this unpacks them, with their own libc and the
# rest of their closure, into a folder beside the system, which stays as it is.
#
#   tests/servers/sid.sh unpack                             fetch and unpack what is missing, print the root
#   tests/servers/sid.sh root                               print the root (fails when nothing is unpacked)
#   tests/servers/sid.sh run PROGRAM [ARGUMENT...]          a program of the root through the root's own loader, as who calls;
#                                                           it sees the system's files, PROGRAM is a path in the root
#   tests/servers/sid.sh command PROGRAM                    print the words that `run` puts before the arguments, a line each
#   tests/servers/sid.sh chroot USER PROGRAM [ARGUMENT...]  inside the root, as root, postgres, mysql or nobody; needs root.
#                                                           Data goes below ROOT/srv; /proc is there where it may be mounted
#
# Both replace the shell: the process started is the program. The suite moves from day to day; what was unpacked stays until
# its folder is deleted.
#
# Environment
#   QUERENT_TEST_SID_DIR   where it lives, can be shared by checkouts (default: .cache/sid, or the temporary folder when the
#                          accounts that run servers cannot reach the checkout). About 700 MB.
set -euo pipefail

SUITE=sid
PACKAGES=(postgresql-18-documentdb mysql-server-core dash coreutils)
server=sid
own_server="name servers of your own in the environment instead, see the scripts that start them"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

sid_dir() {
  if [ -n "${QUERENT_TEST_SID_DIR:-}" ]; then printf '%s' "$QUERENT_TEST_SID_DIR"; return; fi
  mkdir -p "$cache"
  if as_owner test -x "$cache" 2>/dev/null; then printf '%s/sid' "$cache"; return; fi
  printf '%s/querent-test-sid-%s' "${TMPDIR:-/tmp}" "$(checkout)"
}
wanted() { printf '1 %s %s\n' "$SUITE" "${PACKAGES[*]}"; }
ready() { [ "$(cat "$1/.ready" 2>/dev/null)" = "$(wanted)" ]; }

# The mirror that this machine's own apt uses: no host is written here.
mirror() {
  local found
  found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Origin: Debian' \
    | grep -v security | head -n 1)
  [ -n "$found" ] || found=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)
  printf '%s' "$found"
}

# Every archive of the closure, in $1/archives. Nothing of the system's apt is read but its keys and its proxy.
fetch() {
  local work=$1 log=$2 from package missing=()
  from=$(mirror)
  [ -n "$from" ] || die "apt knows no Debian mirror to take $SUITE from" "run apt-get update first, or $own_server"
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/cache" "$work/etc"
  : >"$work/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$from" "$SUITE" >"$work/sources.list"
  local apt=(-o "Dir::State=$work" -o "Dir::State::Lists=$work/lists" -o "Dir::State::status=$work/status"
    -o "Dir::Cache=$work/cache" -o "Dir::Cache::Archives=$work/archives" -o "Dir::Etc::SourceList=$work/sources.list"
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o APT::Default-Release= -o APT::Install-Recommends=false -o APT::Sandbox::User=root -o Acquire::Languages=none)
  apt-get -qq "${apt[@]}" update >"$log" 2>&1 || die "the package list of $SUITE could not be read, see $log" "$own_server"
  for package in "${PACKAGES[@]}"; do
    apt-cache "${apt[@]}" show --no-all-versions "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] || die "$SUITE has no package ${missing[*]} at the moment (the suite moves)" \
    "try again another day or correct PACKAGES in $0; or $own_server"
  apt-get -qq -y "${apt[@]}" --download-only install "${PACKAGES[@]}" >>"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    die "the packages of $SUITE could not be fetched (a package in transition cannot be installed for some days), see $log" "$own_server"
  }
}

# What a chroot needs and no package brings: accounts, names, devices.
furnish() {
  local into=$1 node
  mkdir -p "$into"/{proc,dev/shm,srv,run,tmp,etc,root}
  chmod 755 "$into" "$into/srv" "$into/run"
  chmod 1777 "$into/tmp" "$into/dev/shm"
  printf '%s\n' 'root:x:0:0::/root:/bin/sh' 'postgres:x:64901:64901::/srv:/bin/sh' 'mysql:x:64902:64902::/srv:/bin/sh' \
    'nobody:x:65534:65534::/:/bin/sh' >"$into/etc/passwd"
  printf '%s\n' 'root:x:0:' 'postgres:x:64901:' 'mysql:x:64902:' 'nogroup:x:65534:' >"$into/etc/group"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$into/etc/hosts"
  printf 'passwd: files\ngroup: files\nhosts: files\n' >"$into/etc/nsswitch.conf"
  is_root || return 0
  for node in 'null 3' 'zero 5' 'random 8' 'urandom 9'; do
    mknod -m 666 "$into/dev/${node% *}" c 1 "${node#* }" 2>/dev/null || say "no /dev/${node% *} in the root: devices may not be made here"
  done
}

unpack() {
  local dir work log archive link
  dir=$(sid_dir)
  log="$dir.log"
  mkdir -p "$(dirname "$dir")"
  exec 9>"$dir.lock"
  flock 9
  if ! ready "$dir"; then
    command -v apt-get >/dev/null || die "this system has no apt-get to fetch $SUITE with" "$own_server"
    work="$dir.work"
    rm -rf "$work" "$dir.new"
    say "fetching ${PACKAGES[*]} of $SUITE"
    fetch "$work" "$log"
    mkdir -p "$dir.new/usr/"{bin,sbin,lib,lib64}
    # the suite's layout, before an archive makes folders of them
    for link in bin sbin lib lib64; do ln -s "usr/$link" "$dir.new/$link"; done
    for archive in "$work"/archives/*.deb; do
      dpkg-deb --fsys-tarfile "$archive" | tar -x --keep-directory-symlink --no-same-owner -C "$dir.new" >>"$log" 2>&1 \
        || die "unpacking $(basename "$archive") failed, see $log" "is the disk full?"
    done
    furnish "$dir.new"
    wanted >"$dir.new/.ready"
    rm -rf "$dir"
    mv "$dir.new" "$dir"
    rm -rf "$work"
  fi
  printf '%s\n' "$dir"
}

# The root, for those who need it unpacked already.
unpacked() {
  local dir
  dir=$(sid_dir)
  ready "$dir" || die "$SUITE is not unpacked" "run: $0 unpack"
  printf '%s' "$dir"
}

words() {
  local dir program loader libraries
  [ $# = 1 ] || usage
  dir=$(unpacked) || exit 1
  program="$dir/${1#/}"
  [ -x "$program" ] || die "$SUITE's root has no program $1"
  loader=$(compgen -G "$dir/usr/lib*/ld-linux*.so.*" | head -n 1) || true
  [ -n "$loader" ] || die "$SUITE's root has no loader"
  libraries=$(dirname "$(compgen -G "$dir/usr/lib/*-linux-gnu/libc.so.6" | head -n 1)")
  printf '%s\n' "$loader" --library-path "$libraries" --argv0 "$program" "$program"
}

run() {
  local text command
  [ $# -ge 1 ] || usage
  text=$(words "$1") || exit 1
  mapfile -t command <<<"$text"
  shift
  exec "${command[@]}" "$@"
}

in_chroot() {
  local dir who
  [ $# -ge 2 ] || usage
  is_root || die "only root can chroot" "$own_server"
  dir=$(unpacked) || exit 1
  who=$(awk -F: -v name="$1" '$1 == name { print $3 ":" $4 }' "$dir/etc/passwd")
  [ -n "$who" ] || die "the root has no user $1"
  shift
  local clean=(env -i PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 LC_ALL=C.UTF-8 HOME=/srv)
  # /proc is mounted in a namespace of its own, that ends with the program: no mount is left behind
  if unshare -m true 2>/dev/null; then
    exec unshare -m sh -c 'mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc" 2>/dev/null; shift; exec "$@"' \
      sh "$dir" "${clean[@]}" chroot --userspec="$who" "$dir" "$@"
  fi
  exec "${clean[@]}" chroot --userspec="$who" "$dir" "$@"
}

usage() { say "usage: $0 unpack | root | run PROGRAM [ARGUMENT...] | command PROGRAM | chroot USER PROGRAM [ARGUMENT...]"; exit 2; }

case "${1:-}" in
  unpack) unpack ;;
  root) unpacked && echo ;;
  run) shift; run "$@" ;;
  command) shift; words "$@" ;;
  chroot) shift; in_chroot "$@" ;;
  *) usage ;;
esac
