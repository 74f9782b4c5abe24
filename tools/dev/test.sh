# test: one count over tests of every kind. Sourced by ./dev.
# shellcheck shell=bash

help[test]='test [FILTER]
build and run every test; the last line counts them

  ./dev test                every check and test, with the dev preset
  ./dev test FILTER         those whose name contains FILTER: a check, a layer (format), a suite or a
                            test (Yamux.), a fuzzer (fuzz_cid), a scenario, a script (share_e2e)
  ./dev test --sanitizers   the unit and end-to-end tests again with ASan + UBSan, and with TSan those that have
                            more than one thread

The last line reads `N passed, N failed`, with `, N skipped` after it when some could not run here.'

passed=0 failed=0 skipped=0

# record RESULT NAME [LOG]: one check or script; a log is shown when it failed.
record() {
  case $1 in
    passed) passed=$((passed + 1)) && echo "${green}ok${plain}       $2" ;;
    skipped) skipped=$((skipped + 1)) && echo "${dim}skipped${plain}  $2" ;;
    failed)
      failed=$((failed + 1))
      echo "${red}FAILED${plain}   $2"
      if [[ -n ${3:-} ]]; then sed 's/^/         /' "$3"; fi
      ;;
  esac
}

# attempt NAME COMMAND...: runs it if FILTER allows. Exit code 77 means that it cannot run here.
attempt() {
  local name=$1 code=0
  shift
  if [[ $name != *"$filter"* ]]; then return; fi
  "$@" >"$logs/attempt" 2>&1 </dev/null || code=$?
  case $code in
    0) record passed "$name" ;;
    77) record skipped "$name" ;;
    *) record failed "$name" "$logs/attempt" ;;
  esac
}

check_format() {
  source_files | (cd "$root" && xargs -r -P "$jobs" -n 16 clang-format-19 --dry-run -Werror)
}

run_checks() {
  attempt check_format check_format
  attempt check_shell check_shell
  attempt check_dev_test "$root/tools/dev_test"
  attempt check_includes "$root/tools/check_includes"
  attempt check_includes_test "$root/tools/check_includes_test"
  attempt check_docs "$root/tools/check_docs"
  attempt check_docs_test "$root/tools/check_docs_test"
  attempt check_docs_flags "$root/tools/check_docs" --flags "$root/build/dev/shoal"
  attempt check_docs_limits "$root/tools/check_docs" --limits "$root/build/dev/shoal"
}

# run_ctest PRESET CTEST-ARGS...: counts the tests inside each program, and a program that died as one more.
run_ctest() {
  local folder=$root/build/$1 p f s code=0
  shift
  ctest --test-dir "$folder" --verbose -j "$jobs" --timeout 600 "$@" >"$logs/ctest" 2>&1 </dev/null || code=$?
  awk -v counts="$logs/counts" -f "$root/tools/dev/ctest.awk" "$logs/ctest"
  read -r p f s <"$logs/counts"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if ((code != 0 && f == 0)); then record failed "ctest ended with code $code" "$logs/ctest"; fi
}

# Unit tests, simulated tests and the replay of fuzz corpora; of a preset that builds only some programs, those.
run_unit_tests() {
  local preset=$1 started=$SECONDS before=$((passed + failed + skipped)) whole
  if [[ $preset == tsan ]]; then
    run_ctest "$preset" --no-tests=error -R "^($(IFS='|' && echo "${threaded_layers[*]}"))\$"
  elif [[ -z $filter ]]; then
    run_ctest "$preset" --no-tests=error
  else
    # Programs named by FILTER run whole; of the others, the tests that FILTER names.
    whole=$(ctest --test-dir "$root/build/$preset" -N |
      awk -v filter="$filter" '/Test +#/ && index($NF, filter) {printf "%s%s", sep, $NF; sep = "|"}')
    if [[ -n $whole ]]; then run_ctest "$preset" -R "^($whole)\$"; fi
    GTEST_FILTER="*$filter*" run_ctest "$preset" -E "^($whole)\$"
  fi
  echo "$((passed + failed + skipped - before)) unit tests and replays in $((SECONDS - started)) s"
}

# idle_faults: of the counts that parts of a run told, the fault points that fired in none.
idle_faults() {
  awk 'NF == 2 && $1 ~ /^[a-z_]+\.[a-z_]+$/ && $2 ~ /^[0-9]+$/ { sum[$1] += $2 }
    END { for (point in sum) if (sum[point] == 0) { print "error: " point " never fired"; idle = 1 }; exit !idle }'
}

# simulate_many PRESET SCENARIO SEEDS: as many at a time as there are processors.
simulate_many() {
  local part first=1 pids=() result=0 pid told
  told=$(mktemp -d "$logs/told.XXXXXX")
  for ((part = 1; part <= jobs; ++part)); do
    local last=$(($3 * part / jobs))
    simulate "$1" "$2" --seed "$first" --seeds "$((last - first + 1))" 2>"$told/$part" &
    pids+=($!)
    first=$((last + 1))
  done
  for pid in "${pids[@]}"; do wait "$pid" || result=1; done
  cat "$told"/*
  # A part alone may be too small for every point to fire in it.
  if cat "$told"/* | idle_faults; then result=1; fi
  return "$result"
}

# Every scenario of the simulator with 100 seeds, but for the one with 100 nodes.
run_scenarios() {
  local scenario seeds
  while read -r scenario; do
    seeds=100
    if [[ $scenario == spread ]]; then seeds=8; fi
    attempt "sim_$scenario" simulate_many dev "$scenario" "$seeds"
  done < <(scenarios dev)
}

# The scripts in tests/ get the program as SHOAL. They skip by exit code 77. They run as many at a time as there are
# processors, but only two where sanitizers slow them down; then those at once that wait for real time and do little;
# then, each alone, those that compare times.
waiting_scripts=(chat_net doctor nat)
timing_scripts=(fair_door figures hostile many_sources together tree_limits)
# Not with sanitizers: long simulations, whose code lab_tests runs, and what is about time alone.
dev_scripts=(doctor lab guide together)

# start_script PRESET SCRIPT: its output and exit code become files in $logs.
start_script() {
  local name=${2##*/} code=0 with=python3
  name=${name%.*}
  if [[ $2 == *.sh ]]; then with=bash; fi
  SHOAL=$root/build/$1/shoal timeout 300 "$with" "$2" >"$logs/$name" 2>&1 </dev/null || code=$?
  echo "$code" >"$logs/$name.code"
}

# replay_script NAME: what attempt() records of a script that has run.
replay_script() {
  cat "$logs/$1"
  return "$(<"$logs/$1.code")"
}

# start_scripts PRESET AT_ONCE SCRIPT...
start_scripts() {
  local preset=$1 at_once=$2
  shift 2
  if (($#)); then
    printf '%s\0' "$@" | xargs -0 -P "$at_once" -I SCRIPT bash -c 'start_script "$1" "$2"' _ "$preset" SCRIPT
  fi
}

run_scripts() {
  local preset=$1 script name together=() waiting=() alone=() at_once=$jobs
  for script in "$root"/tests/*_e2e.{sh,py}; do
    name=${script##*/} name=${name%.*}
    if [[ ! -e $script || "$preset $name" != *"$filter"* ]]; then continue; fi
    if [[ $preset != dev && " ${dev_scripts[*]} " == *" ${name%_e2e} "* ]]; then continue; fi
    if [[ $preset == tsan && " ${threaded_scripts[*]} " != *" ${name%_e2e} "* ]]; then continue; fi
    case " ${timing_scripts[*]} | ${waiting_scripts[*]} " in
      *" ${name%_e2e} "*"|"*) alone+=("$script") ;;
      *"|"*" ${name%_e2e} "*) waiting+=("$script") ;;
      *) together+=("$script") ;;
    esac
  done
  if [[ $preset != dev ]] && ((at_once > 2)); then at_once=2; fi
  export -f start_script
  export root logs
  start_scripts "$preset" "$at_once" "${together[@]}"
  start_scripts "$preset" "${#waiting[@]}" "${waiting[@]}"
  start_scripts "$preset" 1 "${alone[@]}"
  for script in "${together[@]}" "${waiting[@]}" "${alone[@]}"; do
    name=${script##*/} name=${name%.*}
    attempt "$preset $name" replay_script "$name"
  done
}

# All protocol code of a node runs on one thread: these are the layers whose tests have others.
threaded_layers=(system_os library)
threaded_scripts=(import library network transfer)

# test_preset PRESET [TARGETS...]: true if it was built, whatever its tests said.
test_preset() {
  local preset=$1 started=$SECONDS
  shift
  if ! { configure "$preset" -DSHOAL_TESTS=ON && compile "$preset" "$@"; }; then
    record failed "$preset build"
    return 1
  fi
  echo "$preset built in $((SECONDS - started)) s"
  run_unit_tests "$preset"
  run_scripts "$preset"
}

verb_test() {
  local sanitizers=no
  filter=''
  while (($#)); do
    case $1 in
      --sanitizers) sanitizers=yes ;;
      -*) fail 2 "test has no option '$1'" ;;
      *) filter=$1 ;;
    esac
    shift
  done
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  logs=$(mktemp -d)
  trap 'rm -rf "$logs"' EXIT

  if [[ $sanitizers == yes ]]; then
    test_preset asan || true
    test_preset tsan shoal shoal_archive hostile_peer "${threaded_layers[@]/%/_tests}" || true
  elif test_preset dev; then
    run_checks
    run_scenarios
  fi

  if ((passed + failed + skipped == 0)); then say "no test has '$filter' in its name"; fi
  echo "$passed passed, $failed failed$( ((skipped == 0)) || echo ", $skipped skipped")"
  ((failed == 0 && passed + skipped > 0))
}
