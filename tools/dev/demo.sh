# demo: nodes on this machine, three transfers, told step by step. Sourced by ./dev.
# shellcheck shell=bash

help[demo]='demo
three nodes, a transfer that is interrupted, one from two sources

Builds, then takes a few seconds: Ann shares a folder, Ben gets it and is killed half way, goes on, and serves it;
Cleo gets it from both. Everything stays on the loopback interface and in a temporary folder.'

step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain" >&2; }
tell() { printf '  %s\n' "$*" >&2; }
command_line() { printf '  %s$ %s%s\n' "$dim" "$*" "$plain" >&2; }

# json_field NAME <LINE: the value of the first string or number of that name in a line of JSON.
json_field() { grep -oE "\"$1\":(\"[^\"]*\"|[0-9.eE+-]+)" | head -n 1 | cut -d : -f 2- | tr -d '"'; }

make_sample() {
  local folder=$1 i
  mkdir -p "$folder/letters" "$folder/empty folder"
  for i in {1..40}; do
    seq "$i" "$((i * 50))" >"$folder/letters/letter $i.txt"
  done
  head -c $((64 << 20)) /dev/urandom >"$folder/sixty-four-mebibytes.bin"
}

# node WHO ARGS...: becomes a shoal that is alone with the others on this machine.
node() {
  exec "$root/build/release/shoal" --json --home "$demo/$1/home" --listen /ip4/127.0.0.1/tcp/0 \
    "${@:2}" 2>>"$demo/$1.log"
}

# await OUTPUT EVENT: reads events until there is one of that kind; prints nothing, sets event.
await() {
  while read -r -t 10 event <&"$1"; do
    if [[ $event == *"\"event\":\"$2\""* ]]; then return; fi
  done
  fail 1 "no '$2' came: $(cat "$demo"/*.log)"
}

stop_demo() {
  local process
  for process in "${ann:-}" "${ben:-}"; do
    if [[ -n $process ]]; then kill "$process" 2>/dev/null || true; fi
  done
  rm -rf "$demo"
}

tell_done() {
  tell "$(json_field files <<<"$event") files, $(json_field bytes <<<"$event") bytes in" \
    "$(printf '%.1f' "$(json_field seconds <<<"$event")") s: of $(json_field blocks <<<"$event") blocks" \
    "$(json_field blocks_fetched <<<"$event") fetched, $(json_field blocks_resumed <<<"$event") there already"
}

verb_demo() {
  local event link own ann_output ben_output cleo_output
  build_program
  demo=$(mktemp -d)
  trap stop_demo EXIT
  mkdir -p "$demo"/{ann,ben,cleo}

  step 'Ann has a folder: 40 small files and one of 64 MiB. She shares it where it lies; nothing is copied.'
  make_sample "$demo/ann/holiday"
  command_line 'shoal share holiday'
  exec {ann_output}< <(node ann share "$demo/ann/holiday")
  ann=$!
  await "$ann_output" serving
  link=$(json_field link <<<"$event")
  tell "content  $(json_field cid <<<"$event")"
  tell "peer     $(json_field peer_id <<<"$event")"
  tell "link     $link"

  step 'Ben gets it by the link, over a line of 40 MB a second, and his machine dies half way (kill -9).'
  command_line "shoal get --down 40M '${link:0:50}…'"
  exec {ben_output}< <(node ben get "$link" -o "$demo/ben/holiday" --down 40M)
  ben=$!
  while await "$ben_output" progress && (($(json_field bytes_done <<<"$event") < 20000000)); do :; done
  kill -KILL "$ben"
  tell "killed after $(json_field bytes_done <<<"$event") of $(json_field bytes_total <<<"$event") bytes"

  step 'Ben types the same again: what had arrived is checked, not fetched. Then he goes on serving it (--seed).'
  command_line "shoal get --seed '${link:0:50}…'"
  exec {ben_output}< <(node ben get --seed "$link" -o "$demo/ben/holiday" --timeout 10s)
  ben=$!
  await "$ben_output" serving
  own=$(json_field link <<<"$event")
  await "$ben_output" 'done'
  tell_done

  step 'Cleo gets it from both: the content is the same, whoever gives it.'
  # shellcheck disable=SC2016
  command_line 'shoal get "$LINK&provider=BEN"'
  exec {cleo_output}< <(node cleo get "$link&${own##*\?filename=holiday&}" -o "$demo/cleo/holiday" --timeout 10s)
  await "$cleo_output" 'done'
  tell_done
  tell "from $(grep -o '"peer_id"' <<<"$event" | wc -l) peers, every block checked against its hash before it was kept"

  step 'Is what they have what Ann has?'
  if ! { diff -r "$demo/ann/holiday" "$demo/ben/holiday" && diff -r "$demo/ann/holiday" "$demo/cleo/holiday"; } >&2; then
    fail 1 'the folders differ'
  fi
  tell "${green}Yes: the three folders are the same, byte by byte.${plain}"

  step 'Ann and Ben stop.'
  kill -TERM "$ann" "$ben"
  wait "$ann" || fail 1 "share ended with code $?"
  wait "$ben" || fail 1 "get --seed ended with code $?"
  ann='' ben=''
  tell 'Done. On two machines: ./dev run share PATH on one, ./dev run get LINK on the other.'
}
