# shellcheck shell=bash
# Debian packages for guests, by an apt with lists and state of its own: it checks the archive's signature, and neither
# touches this system's apt nor needs root. For scripts that source it and have fail(MESSAGE).
#
#   DEBIAN_MIRROR=URL      in place of http://deb.debian.org

# apt_setup FOLDER ARCHITECTURE SUITE...: for the functions below. FOLDER is made.
apt_setup() {
  local folder=$1 architecture=$2 mirror=${DEBIAN_MIRROR:-http://deb.debian.org} suite tool
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  shift 2
  for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || fail "$tool is missing; this script needs a Debian system (or one like it)"
  done
  [ -r "$keyring" ] || fail "$keyring is missing; install debian-archive-keyring, which the packages are checked against"
  mkdir -p "$folder"/{lists/partial,cache/archives/partial,sources,preferences}
  apt=$(cd "$folder" && pwd)
  apt_from="${*}, $architecture, from $mirror"
  touch "$apt/status"
  for suite in "$@"; do
    echo "deb [arch=$architecture signed-by=$keyring] $mirror/debian $suite main"
    [ "$suite" = sid ] || echo "deb [arch=$architecture signed-by=$keyring] $mirror/debian-security $suite-security main"
  done >"$apt/sources/debian.list"
  apt_options=(
    -o APT::Architecture="$architecture" -o APT::Architectures::="$architecture" -o Dir::State="$apt"
    -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist=/dev/null
    -o Dir::Etc::sourceparts="$apt/sources" -o Dir::Etc::preferences=/dev/null
    -o Dir::Etc::preferencesparts="$apt/preferences" -o APT::Install-Recommends=false -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=2 -q
  )
}

# The package lists, once.
apt_update() {
  [ ! -e "$apt/updated" ] || return 0
  echo "${0##*/}: fetching the package lists of $apt_from"
  apt-get "${apt_options[@]}" -o APT::Update::Error-Mode=any update >"$apt/log" 2>&1 || {
    tail -n 5 "$apt/log" >&2
    fail "no package lists: is there a network? With a proxy set http_proxy, for another mirror DEBIAN_MIRROR; then run this again"
  }
  touch "$apt/updated"
}

# apt_fetch FOLDER PACKAGE: that package alone; its file is FOLDER/PACKAGE_*.deb.
apt_fetch() {
  apt_update
  echo "${0##*/}: fetching $2"
  mkdir -p "$1"
  rm -f "$1/$2"_*.deb
  (cd "$1" && apt-get "${apt_options[@]}" download "$2") >>"$apt/log" 2>&1 || {
    tail -n 5 "$apt/log" >&2
    fail "$2 could not be fetched; run this again, with --force if the package lists are old"
  }
}

# apt_fetch_all PACKAGE...: with all that they depend on; files in $apt/cache/archives.
apt_fetch_all() {
  apt_update
  echo "${0##*/}: fetching $* and what they depend on"
  apt-get "${apt_options[@]}" --yes --download-only install "$@" >>"$apt/log" 2>&1 || {
    tail -n 5 "$apt/log" >&2
    fail "$* could not be fetched; run this again, with --force if the package lists are old"
  }
}

# apt_newest META PATTERN: the package that META depends on and whose name matches.
apt_newest() {
  apt_update >&2
  apt-cache "${apt_options[@]}" depends --important "$1" | sed -n "s/^ *Depends: \\($2\\)\$/\\1/p" | head -n 1
}
