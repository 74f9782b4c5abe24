# Completion of shoal for bash: source it, or put it into /usr/share/bash-completion/completions/shoal.
# tests/completions_e2e.py compares it with `shoal --help`.
# shellcheck shell=bash

_shoal_commands='share get ls cat stat cid id limit forget status find provide dht peers network perf expose connect pub sub chat topics ping lab guide doctor version help'

# Those of every command, then those of one.
_shoal_flags() {
  echo '--help --version --home --listen --connect --bootstrap --router --network --tls-cert --tls-key --tls-ca --no-lan --public --announce --relay --relay-service --no-port-mapping --up --down --timeout --json
    -q --quiet -v --verbose --no-progress --color'
  case $1 in
    share) echo '--exclude --hidden --preserve --name --until-sent --index-only --no-qr' ;;
    cid) echo '--exclude --hidden --preserve' ;;
    get) echo '-o --output --force --seed --max-size --max-files' ;;
    ls) echo '-R --recursive --max-files' ;;
    cat) echo '--offset --length --max-size' ;;
    stat) echo '--max-files' ;;
    limit) echo '--lift' ;;
    forget) echo '--all' ;;
    perf) echo '--bytes' ;;
    pub) echo '--whole --unsigned' ;;
    sub) echo '--raw --unsigned -c --count' ;;
    chat) echo '--name --private' ;;
    expose) echo '--allow --new-ticket' ;;
    connect) echo '--http' ;;
    ping) echo '-c --count' ;;
    lab) echo '--seed --nodes --size --attackers --rate --processes --out' ;;
  esac
}

# What follows the flag $1: names of files, words, or something that only its writer knows.
_shoal_value() {
  case $1 in
    --home | --out) echo folder ;;
    -o | --output | --network | --tls-cert | --tls-key | --tls-ca) echo file ;;
    --color) echo 'auto always never' ;;
    --up | --down) echo '500K 5M 50M' ;;
    --timeout) echo '10s 1m 10m' ;;
    --max-size | --bytes) echo '1G 10G 100G' ;;
    --listen | --connect | --bootstrap | --router | --announce | --relay | --exclude | --name | --until-sent | --offset | --length | --max-files | --nodes | --allow | -c | --count) echo unknown ;;
  esac
}

_shoal_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_shoal_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

# The words up to the one that is completed. Bash makes three of --flag=value; here they are two, as
# of --flag value.
_shoal_words_so_far() {
  local i
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    if [[ ${COMP_WORDS[i]} != '=' || ${COMP_WORDS[i - 1]} != --* ]]; then
      words+=("${COMP_WORDS[i]}")
    elif ((i == COMP_CWORD)); then
      words+=('')
    fi
  done
}

_shoal() {
  local words=() last word before='' command='' i
  COMPREPLY=()
  _shoal_words_so_far
  last=$((${#words[@]} - 1))
  word=${words[last]}
  for ((i = 1; i < last; ++i)); do
    before=${words[i]}
    if [[ -n $(_shoal_value "$before") ]]; then
      ((++i < last)) && before=''
    elif [[ $before != -* && -z $command ]]; then
      command=$before
    fi
  done
  case $(_shoal_value "$before") in
    '') ;;
    folder) _shoal_files -d "$word" && return ;;
    file) _shoal_files -f "$word" && return ;;
    unknown) return ;;
    *) _shoal_words "$(_shoal_value "$before")" "$word" && return ;;
  esac
  if [[ $word == -* ]]; then
    _shoal_words "$(_shoal_flags "$command")" "$word"
  elif [[ -z $command || $command == help ]]; then
    _shoal_words "$_shoal_commands" "$word"
  elif [[ $command == share || $command == cid || $command == forget ]]; then
    _shoal_files -f "$word"
  fi
}

complete -F _shoal shoal
