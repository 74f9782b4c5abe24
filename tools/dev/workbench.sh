# check, bench, fuzz, sim, interop. Sourced by ./dev.
# shellcheck shell=bash

help[check]='check [--all]
clang-tidy over what changed since main (or all), and shellcheck'

help[bench]='bench [NAME]
benchmarks, with the release build

NAME is a program in bench/ ('"$(cd "$root/bench" && find . -maxdepth 1 -type f -executable -printf '%f\n' | sort | paste -sd' ')"'),
or a part of the name of a micro-benchmark. Without it: every micro-benchmark.'

help[fuzz]='fuzz [NAME] [--runs N]
fuzz the parser NAME, or all of them, one on each processor

Starts from fuzz/corpus/NAME/, with the words of fuzz/dictionaries/NAME.dict and inputs no longer than
fuzz/lengths says; new inputs go to build/fuzz/corpus/NAME/, what crashes to build/fuzz/crashes/, what
the fuzzer says to build/fuzz/logs/NAME. Prints a line for each: its inputs, how many a second, the result.
--runs N   inputs tried by each fuzzer (default: 100000)'

help[sim]='sim [SCENARIO] [--seed N] [--seeds N]
run real nodes in a simulated world

Says what is simulated and what is checked, then prints a line for each seed: scenario, seed, ok or the failure,
trace hash. The same seed gives the same hash. Without SCENARIO: describes them all.
--list      their names only; besides these there is kv, the example of that name: five nodes that hold a map,
            torn apart while they write
--seed N    this seed, or the first of several (default: 1)
--seeds N   how many seeds (default: 1)
--pcap FILE every packet of the one seed, for Wireshark and the like'

help[interop]='interop [NAME [ARGS...]]
tests against other implementations

NAME is a folder of interop/ with a script `run`, which gets the program as SHOAL. Without it: each of them.
More ARGS go to the script: --list, --only PART.'

# Every script of the project that bash reads.
check_shell() {
  command -v shellcheck >/dev/null || return 77
  (cd "$root" && grep -rlIE --exclude-dir={node_modules,target,bin} '^(#!.*bash|# shellcheck shell=bash)' \
    dev .ci tools tests bench interop | xargs shellcheck)
}

verb_check() {
  local base files
  need_packages "${build_packages[@]}" "${test_packages[@]}" "${check_packages[@]}"
  # clang-tidy looks at files one by one.
  configure dev -B build/tidy -DSHOAL_UNITY=OFF
  cd "$root" || return
  if [[ ${1:-} == --all ]]; then
    mapfile -t files < <(source_files)
  else
    base=$(git merge-base HEAD main 2>/dev/null || echo HEAD)
    mapfile -t files < <(git diff --name-only --diff-filter=d "$base" && git ls-files --others --exclude-standard)
  fi
  check_shell
  printf '%s\n' "${files[@]}" | { grep '^src/.*\.cpp$' || true; } |
    xargs -r -P "$jobs" -n 1 clang-tidy-19 --quiet -p build/tidy 2> >(grep -v 'warnings generated' >&2)
}

verb_bench() {
  local name=${1:-} program
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  configure release -DSHOAL_TESTS=ON
  if [[ -n $name && -x $root/bench/$name ]]; then
    need_packages "${bench_packages[@]}"
    compile release shoal interop_peer
    SHOAL=$root/build/release/shoal exec "$root/bench/$name" "${@:2}"
  fi
  mapfile -t programs < <(ninja -C "$root/build/release" -t targets all | sed -n 's/^\([a-z_]*_bench\): CXX_EXECUTABLE_LINKER.*/\1/p')
  ((${#programs[@]})) || fail 1 'no benchmark has been written yet'
  compile release "${programs[@]}"
  for program in "${programs[@]}"; do
    "$root/build/release/$program" --benchmark_filter="${name:-.}"
  done
}

# fuzz_one NAME RUNS: one fuzzer, already built.
fuzz_one() {
  local name=$1 runs=$2 length code=0 log=build/fuzz/logs/$1 started=$SECONDS took options=()
  # Looking for uses after return doubles the time of whatever throws; the tests with ASan do look.
  export ASAN_OPTIONS=detect_stack_use_after_return=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
  mkdir -p "build/fuzz/corpus/$name" build/fuzz/crashes build/fuzz/logs "fuzz/corpus/$name"
  length=$(awk -v name="$name" '$1 == name { print $2 }' fuzz/lengths)
  if [[ -f fuzz/dictionaries/$name.dict ]]; then options+=("-dict=fuzz/dictionaries/$name.dict"); fi
  "build/fuzz/fuzz_$name" -runs="$runs" -max_len="${length:-4096}" -rss_limit_mb=2048 -timeout=10 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$name-" "${options[@]}" \
    "build/fuzz/corpus/$name" "fuzz/corpus/$name" >"$log" 2>&1 || code=$?
  took=$((SECONDS - started))
  printf '%-18s %10s inputs %8s/s  %s\n' "$name" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
    "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
    "$([[ $code == 0 ]] && echo "clean in ${took} s" || echo "FAILED, see $log")"
  return "$code"
}

verb_fuzz() {
  local name='' runs=100000
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
  export -f fuzz_one
  printf '%s\n' "${fuzzers[@]}" | xargs -P "$jobs" -I NAME bash -c 'fuzz_one NAME "$1"' _ "$runs"
}

# The one place that knows how scenarios are run: by the program itself, for each preset.
simulate() { "$root/build/$1/shoal" sim "${@:2}"; }
scenarios() { simulate "$1" --list 2>/dev/null || true; }

# The example kv, seed by seed; it simulates by itself.
simulate_kv() {
  local first=1 count=1
  while (($#)); do
    case $1 in
      --seed) first=${2:?--seed takes a number} && shift ;;
      --seeds) count=${2:?--seeds takes a number} && shift ;;
      *) fail 2 "sim kv has no option '$1'" ;;
    esac
    shift
  done
  compile release example_kv
  "$root/build/release/examples/kv" simulate "$first" "$((first + count - 1))" |
    awk '{ print } /NOT EQUAL/ { apart++ } / s$/ { if ($(NF - 1) > most) most = $(NF - 1) }
      END { printf "%d seeds, %d not equal, the slowest equal after %d s\n", NR, apart, most; exit apart > 0 || NR == 0 }'
}

verb_sim() {
  need_packages "${build_packages[@]}"
  if [[ ${1:-} == kv ]]; then
    configure release
    simulate_kv "${@:2}"
    return
  fi
  build_program
  simulate release "$@"
}

verb_interop() {
  local name=${1:-*} scripts script failed=0
  build_program
  compile release interop_peer example_echo
  mapfile -t scripts < <(compgen -G "$root/interop/$name/run" || true)
  ((${#scripts[@]})) || fail 2 "there is no interop/$name/run"
  for script in "${scripts[@]}"; do
    say "interop $(basename "$(dirname "$script")")"
    SHOAL=$root/build/release/shoal "$script" "${@:2}" || failed=1
  done
  return $failed
}
