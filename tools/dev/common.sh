# What every verb uses: words for the reader, and the number of jobs. Sourced by ./dev.
# shellcheck shell=bash

jobs=${SHOAL_JOBS:-$(nproc)}

bold='' red='' green='' dim='' plain=''
if [[ -t 2 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' dim=$'\e[2m' plain=$'\e[0m'
fi

say() { printf '%s%s%s\n' "$bold" "$*" "$plain" >&2; }

# fail CODE MESSAGE: 2 is a wrong command line, 69 a missing package, 1 the rest.
fail() {
  printf '%s./dev: %s%s\n' "$red" "$2" "$plain" >&2
  exit "$1"
}

# Every C++ file of the project, relative to the root. Uses no git: a copy of the tree is enough.
source_files() {
  local folder folders=()
  for folder in include src tests fuzz bench lab interop tools; do
    if [[ -d $root/$folder ]]; then folders+=("$folder"); fi
  done
  (cd "$root" && find "${folders[@]}" -type f \( -name '*.cpp' -o -name '*.h' \) \
    -not -path '*/node_modules/*' -not -path '*/target/*' | sort)
}
