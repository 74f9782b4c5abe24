# run, build, package, fmt, clean. Sourced by ./dev.
# shellcheck shell=bash

help[run]='run ARGS...
the shoal command, built as users run it

Builds the release preset when something changed, says so on stderr, then becomes `shoal ARGS...`
in the current directory. Installs only what building takes.'

help[build]='build [PRESET]
build into build/PRESET/ (default: release)

PRESET  release  what users run: build/release/shoal
        dev      the one to work in, with its tests
        asan     AddressSanitizer and UndefinedBehaviorSanitizer
        tsan     ThreadSanitizer
        fuzz     libFuzzer'

help[package]='package
make Debian packages: the program, and the library with its headers

They go to build/package/: shoal_VERSION_ARCH.deb and libshoal-dev_VERSION_ARCH.deb. Install them with
apt install ./build/package/shoal_VERSION_ARCH.deb, on the release of Debian that they were made on.'

help[guide]='guide [--quick]
build the guide as HTML, with the figures of its experiments

The pages go to build/guide/; `shoal guide` of the release build opens them. Runs every experiment of the guide, which takes
about two minutes; --quick runs each at its smallest size.'

help[fmt]='fmt
format every C++ file (clang-format)'

help[clean]='clean
delete build/'

# configure PRESET [CMAKE-ARGS...]: quiet unless it fails.
configure() {
  local log
  if ! log=$(cd "$root" && cmake --preset "$@" 2>&1); then
    printf '%s\n' "$log" >&2
    return 1
  fi
}

# compile PRESET [TARGETS...]: everything on stderr.
compile() {
  local folder=$root/build/$1 quiet=()
  shift
  # A cache shared by several checkouts hits only if their paths are left out of the key.
  export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$root} CCACHE_NOHASHDIR=1
  [[ -t 2 ]] || quiet=(--quiet)
  ninja -C "$folder" -j "$jobs" "${quiet[@]}" "$@" >&2
}

# Has nothing been touched since the program was last built? Ninja knows too, but is not silent about it.
program_is_fresh() {
  local stamp=$root/build/release/.program_built
  [[ -e $stamp && -x $root/build/release/shoal ]] &&
    [[ -z $(find "$root"/{CMakeLists.txt,CMakePresets.json,cmake,src,include,lab} -newer "$stamp" -print -quit 2>/dev/null) ]]
}

# The program alone: no test library is needed for it.
build_program() {
  local folder=$root/build/release
  need_packages "${build_packages[@]}"
  if program_is_fresh; then return; fi
  say 'building shoal'
  mkdir -p "$folder" && touch "$folder/.program_begun"
  configure release -DSHOAL_TESTS=OFF && compile release shoal && mv "$folder/.program_begun" "$folder/.program_built"
}

verb_run() {
  build_program
  exec "$root/build/release/shoal" "$@"
}

verb_build() {
  local preset=${1:-release}
  (($# <= 1)) || fail 2 'build takes one PRESET'
  case $preset in
    release) build_program ;;
    dev | asan | tsan | fuzz)
      need_packages "${build_packages[@]}" "${test_packages[@]}"
      configure "$preset" && compile "$preset"
      ;;
    *) fail 2 "no preset '$preset': release, dev, asan, tsan or fuzz" ;;
  esac
}

verb_fmt() {
  need_packages clang-format-19
  source_files | (cd "$root" && xargs -r -P "$jobs" -n 16 clang-format-19 -i)
}

verb_clean() { rm -rf "$root/build"; }

verb_guide() {
  build_program
  "$root/tools/guide/build" "$root/build/release/shoal" "$@"
}

verb_package() {
  local folder=$root/build/release
  need_packages "${build_packages[@]}" "${package_packages[@]}"
  # Packages of an earlier build would look like those of this one.
  rm -rf "$root/build/package"
  configure release -DSHOAL_TESTS=OFF || return
  compile release shoal shoal_archive || return
  "$root/tools/guide/build" "$folder/shoal" >&2 || return
  (cd "$folder" && cpack -G DEB -B "$root/build/package" >&2) || return
  rm -rf "$root/build/package/_CPack_Packages"
  ls "$root"/build/package/*.deb
}
