# demo: two nodes on this machine, one transfer, told step by step. Sourced by ./dev.
# shellcheck shell=bash

help[demo]='demo
two nodes, one transfer, and what happened

Builds, then takes a few seconds. Everything stays on the loopback interface and in a temporary folder.'

step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain" >&2; }
tell() { printf '  %s\n' "$*" >&2; }
command_line() { printf '  %s$ %s%s\n' "$dim" "$*" "$plain" >&2; }

# json_field NAME <LINE: the value of the first string or number of that name in a line of JSON.
json_field() { grep -oE "\"$1\":(\"[^\"]*\"|[0-9.]+)" | head -n 1 | cut -d : -f 2- | tr -d '"'; }

make_sample() {
  local folder=$1 i
  mkdir -p "$folder/letters" "$folder/empty folder"
  for i in {1..40}; do
    seq "$i" "$((i * 50))" >"$folder/letters/letter $i.txt"
  done
  head -c $((64 << 20)) /dev/urandom >"$folder/sixty-four-mebibytes.bin"
}

# Reads the sharing node's events until it serves; prints nothing, sets serving.
await_serving() {
  local event
  while read -r -t 10 event <&"$share_output"; do
    if [[ $event == *'"event":"serving"'* ]]; then
      serving=$event
      return
    fi
  done
  fail 1 "the sharing node did not get as far as serving: $(cat "$demo/share.log")"
}

stop_demo() {
  if [[ -n ${share_process:-} ]]; then kill "$share_process" 2>/dev/null || true; fi
  rm -rf "$demo"
}

verb_demo() {
  local shoal=$root/build/release/shoal link done_event started code=0
  build_program
  demo=$(mktemp -d)
  trap stop_demo EXIT

  step 'Ann has a folder: 40 small files and one of 64 MiB.'
  make_sample "$demo/ann/holiday"

  step 'Ann shares it. Nothing is copied: the files are indexed where they lie.'
  command_line 'shoal share holiday'
  exec {share_output}< <(exec "$shoal" share "$demo/ann/holiday" --json --no-lan --home "$demo/ann/home" \
    --listen /ip4/127.0.0.1/tcp/0 2>"$demo/share.log")
  share_process=$!
  await_serving
  link=$(json_field link <<<"$serving")
  tell "content  $(json_field cid <<<"$serving")"
  tell "peer     $(json_field peer_id <<<"$serving")"
  tell "link     $link"

  step 'Ben got the link, and gets the folder from Ann. Every block is checked against its hash.'
  command_line "shoal get '${link:0:60}…'"
  mkdir -p "$demo/ben"
  started=${EPOCHREALTIME/[.,]/}
  "$shoal" get "$link" -o "$demo/ben/holiday" --json --no-lan --timeout 10s --home "$demo/ben/home" \
    --listen /ip4/127.0.0.1/tcp/0 >"$demo/get.jsonl" 2>"$demo/get.log" || code=$?
  if ((code != 0)); then
    cat "$demo/get.log" >&2
    tail -n 1 "$demo/get.jsonl" >&2
    fail 1 "get ended with code $code"
  fi
  done_event=$(grep '"event":"done"' "$demo/get.jsonl" | tail -n 1)
  tell "$(json_field files <<<"$done_event") files, $(json_field bytes <<<"$done_event") bytes," \
    "$(json_field blocks_fetched <<<"$done_event") blocks fetched in $(((${EPOCHREALTIME/[.,]/} - started) / 1000)) ms"

  step 'Is what Ben has what Ann has?'
  if ! diff -r "$demo/ann/holiday" "$demo/ben/holiday" >&2; then fail 1 'the two folders differ'; fi
  tell "${green}Yes: the two folders are the same, byte by byte.${plain}"

  step 'Ann stops sharing.'
  kill -TERM "$share_process"
  wait "$share_process" || fail 1 "share ended with code $?"
  share_process=''
  tell 'Done. On two machines: ./dev run share PATH on one, ./dev run get LINK on the other.'
}
