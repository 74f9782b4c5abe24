# check, bench, fuzz, sim, interop. Sourced by ./dev.
# shellcheck shell=bash

help[check]='check [--all]
clang-tidy over what changed since main (or all), and shellcheck'

help[bench]='bench [NAME]
benchmarks, with the release build

NAME is a program in bench/ (transfer), or a part of the name of a micro-benchmark. Without it: every micro-benchmark.'

help[fuzz]='fuzz [NAME] [--runs N]
fuzz the parser NAME, or each in turn

Starts from fuzz/corpus/NAME/; new inputs go to build/fuzz/corpus/NAME/, what crashes to build/fuzz/crashes/.
--runs N   inputs tried for each fuzzer (default: 100000)'

help[sim]='sim [SCENARIO] [--seed N] [--seeds N]
run real nodes in a simulated world

Prints a line for each seed: scenario, seed, ok or the failure, trace hash. The same seed gives the same hash.
Without SCENARIO: lists them.
--seed N    this seed, or the first of several (default: 1)
--seeds N   how many seeds (default: 1)
--pcap FILE every packet of the one seed, for Wireshark and the like'

help[interop]='interop [NAME]
tests against other implementations

NAME is a folder of interop/ with a script `run`, which gets the program as SHOAL. Without it: each of them.'

verb_check() {
  local base files
  need_packages "${build_packages[@]}" "${test_packages[@]}" "${check_packages[@]}"
  configure dev
  cd "$root" || return
  if [[ ${1:-} == --all ]]; then
    mapfile -t files < <(source_files)
  else
    base=$(git merge-base HEAD main 2>/dev/null || echo HEAD)
    mapfile -t files < <(git diff --name-only --diff-filter=d "$base" && git ls-files --others --exclude-standard)
  fi
  grep -lsE '^(#!.*bash|# shellcheck shell=bash)' dev .ci/run tools/* tools/dev/* tools/completions/* tests/*.sh bench/* bench/systems/* interop/*/run | xargs shellcheck
  printf '%s\n' "${files[@]}" | { grep '^src/.*\.cpp$' || true; } |
    xargs -r -P "$jobs" -n 1 clang-tidy-19 --quiet -p build/dev 2> >(grep -v 'warnings generated' >&2)
}

verb_bench() {
  local name=${1:-} program
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  configure release -DSHOAL_TESTS=ON
  if [[ -n $name && -x $root/bench/$name ]]; then
    need_packages "${bench_packages[@]}"
    compile release shoal
    SHOAL=$root/build/release/shoal exec "$root/bench/$name" "${@:2}"
  fi
  mapfile -t programs < <(ninja -C "$root/build/release" -t targets all | sed -n 's/^\([a-z_]*_bench\): phony$/\1/p')
  ((${#programs[@]})) || fail 1 'no benchmark has been written yet'
  compile release "${programs[@]}"
  for program in "${programs[@]}"; do
    "$root/build/release/$program" --benchmark_filter="${name:-.}"
  done
}

verb_fuzz() {
  local name='' runs=100000 fuzzer
  while (($#)); do
    case $1 in
      --runs) runs=${2:?--runs takes a number} && shift ;;
      -*) fail 2 "fuzz has no option '$1'" ;;
      *) name=$1 ;;
    esac
    shift
  done
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  configure fuzz
  cd "$root" || return
  mapfile -t fuzzers < <(find src -name "${name:-*}_fuzz.cpp" -printf '%f\n' | sed 's/_fuzz\.cpp$//' | sort)
  ((${#fuzzers[@]})) || fail 2 "there is no ${name:-*}_fuzz.cpp in src/"
  compile fuzz "${fuzzers[@]/#/fuzz_}"
  for fuzzer in "${fuzzers[@]}"; do
    say "fuzz $fuzzer"
    mkdir -p "build/fuzz/corpus/$fuzzer" build/fuzz/crashes "fuzz/corpus/$fuzzer"
    "build/fuzz/fuzz_$fuzzer" -runs="$runs" -max_len=65536 -rss_limit_mb=2048 -timeout=10 -print_final_stats=0 \
      -artifact_prefix="build/fuzz/crashes/$fuzzer-" "build/fuzz/corpus/$fuzzer" "fuzz/corpus/$fuzzer"
  done
}

# The one place that knows how scenarios are run: by the program itself, for each preset.
simulate() { "$root/build/$1/shoal" sim "${@:2}"; }
scenarios() { simulate "$1" --list 2>/dev/null || true; }

verb_sim() {
  need_packages "${build_packages[@]}"
  build_program
  if (($#)); then simulate release "$@"; else scenarios release; fi
}

verb_interop() {
  local name=${1:-*} scripts script
  build_program
  mapfile -t scripts < <(compgen -G "$root/interop/$name/run" || true)
  ((${#scripts[@]})) || fail 2 "there is no interop/$name/run"
  for script in "${scripts[@]}"; do
    say "interop $(basename "$(dirname "$script")")"
    SHOAL=$root/build/release/shoal "$script"
  done
}
