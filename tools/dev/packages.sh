# What Shoal needs from Debian 12 or 13, and how it gets there. Sourced by ./dev.
# shellcheck shell=bash

# `a|b`: the first that this release has.
build_packages=(
  clang-19 lld-19 'libstdc++-14-dev|libstdc++-12-dev' cmake ninja-build ccache pkg-config
  'libboost1.81-dev|libboost-dev' libssl-dev libcrypto++-dev libsqlite3-dev libprotozero-dev
  libspdlog-dev libfmt-dev libcli11-dev libqrencode-dev libngtcp2-dev libngtcp2-crypto-gnutls-dev libgnutls28-dev
)
test_packages=(libclang-rt-19-dev libgtest-dev libgmock-dev libbenchmark-dev clang-format-19 python3 openssl)
bench_packages=(nginx-light curl python3 python3-libtorrent)
package_packages=(dpkg-dev)
check_packages=(clang-tidy-19 shellcheck)

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

is_available() {
  [[ -n $(apt-cache show --no-all-versions "$1" 2>/dev/null) ]]
}

# missing_packages NAMES...: prints those that are not installed, each by the name that this release has.
missing_packages() {
  local wanted name names
  for wanted; do
    IFS='|' read -ra names <<<"$wanted"
    for name in "${names[@]}"; do
      if is_installed "$name"; then continue 2; fi
    done
    for name in "${names[@]}"; do
      if is_available "$name"; then break; fi
      name=${names[0]}
    done
    echo "$name"
  done
}

# Runs with the rights of root. Packages are named after the lists are fresh, so that `a|b` is decided by them.
install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update </dev/null || say 'apt-get update failed; trying with the lists that are here'
  mapfile -t missing < <(missing_packages "$@")
  apt-get install --yes --no-install-recommends "${missing[@]}" </dev/null
}

# need_packages NAMES...: returns with all of them installed, or ends the script.
need_packages() {
  local missing
  command -v apt-get >/dev/null || return 0 # not Debian: CMake names what it does not find
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  say "Debian packages to install: ${missing[*]}"
  if [[ ${SHOAL_NO_INSTALL:-} == 1 ]]; then
    fail 69 'packages are missing and SHOAL_NO_INSTALL=1; install them and try again'
  fi
  if ((EUID == 0)); then
    install_packages "$@" >&2
  elif command -v sudo >/dev/null; then
    sudo bash -c 'set -euo pipefail; source "$0"/common.sh; source "$0"/packages.sh; install_packages "$@"' \
      "$root/tools/dev" "$@" >&2
  else
    fail 69 'there is no sudo; install the packages as root and try again'
  fi
}
