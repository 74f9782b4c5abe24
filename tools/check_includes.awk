# The rules of docs/layers.md, over every source file. Exits with 1 if one is broken.

BEGIN {
  count = split("base crypto format system net protocol routing content service node library api cli", layers, " ")
  for (i = 1; i <= count; i++) rank[layers[i]] = i
  # What only system/os may touch. Types (a path, a time point) are free to use; asking the world is not.
  world_header = "^(sys/socket\\.h|sys/mman\\.h|netinet/.*|netdb\\.h|fcntl\\.h|thread|fstream|random)$"
  world_call = "(steady_clock|system_clock|high_resolution_clock)::now|random_device"
  files_call = "(filesystem|fs)::(exists|create_|remove|rename|resize_file|file_size|status|symlink_status|copy|canonical|" \
               "weakly_canonical|current_path|temp_directory_path|is_[a-z]+|last_write_time|permissions|space|equivalent|" \
               "directory_iterator|recursive_directory_iterator|hard_link_count|read_symlink)[^:]*[({]"
  socket_header = "^boost/(asio\\.hpp|asio/(ip|local|posix|ssl)/.*|asio/(ssl|io_context|thread_pool|steady_timer|system_timer)\\.hpp|beast.*)$"
}

function complain(why) {
  printf "%s:%d: %s\n", FILENAME, FNR, why
  broken = 1
}

# The part of a path under `family/`: kad of protocol/kad/x.h, "" for a file of the family itself.
function member(path, family,    rest) {
  if (index(path, family "/") != 1) return ""
  rest = substr(path, length(family) + 2)
  return index(rest, "/") ? substr(rest, 1, index(rest, "/") - 1) : ""
}

function siblings(target, family,    mine) {
  mine = member(here, family)
  return mine != "" && member(target, family) != "" && mine != member(target, family)
}

# net/security/secured.h is what every security protocol gives; net/security/noise/ is one of them.
function is_family_interface(target) { return target ~ /^net\/(transport|security|muxer)\/[^\/]+$/ }

# Test code says so by its name, or by its namespace when tests share it.
function is_for_tests(file, name,    line, found) {
  if (name ~ /(^|_)(test|testing|bench|fuzz)(_[a-z0-9_]+)?\.(h|cpp)$/) return 1
  while ((getline line < file) > 0)
    if (line ~ /^namespace .*testing \{/) found = 1
  close(file)
  return found
}

FNR == 1 {
  here = FILENAME
  sub(/^src\//, "", here)
  layer = here
  sub(/\/.*/, "", layer)
  name = here
  sub(/.*\//, "", name)
  is_test = is_for_tests(FILENAME, name)
  in_os = index(here, "system/os/") == 1
  in_sim = index(here, "system/sim/") == 1
  in_source = FILENAME ~ /^src\//
  may_touch_world = in_os || is_test || here ~ /^base\/log\./
  may_use_os = in_os || is_test || layer == "library" || layer == "api" || layer == "cli" || layer == "lab"
  may_use_sim = in_sim || is_test || layer == "library" || layer == "lab" || here ~ /^cli\/sim/
  may_use_sockets = in_os || layer == "api"
  if (in_source && !(layer in rank)) complain("src/" layer " is not a layer; docs/layers.md names them")
}

# A comment may speak of anything.
{ code = $0; sub(/\/\/.*/, "", code) }

code ~ /^[ \t]*#[ \t]*include/ {
  match(code, /["<][^">]+[">]/)
  target = substr(code, RSTART + 1, RLENGTH - 2)
  target_layer = target
  sub(/\/.*/, "", target_layer)

  if (target ~ /(^|\/)\.\.\//) complain("include " target " from src/, without ..")
  # <net/if.h> is the system's: ours come in quotes.
  if (substr(code, RSTART, 1) == "\"" && target ~ "/" && target_layer in rank) {
    if (in_source && layer in rank && rank[target_layer] > rank[layer])
      complain(layer " lies below " target_layer ", so it cannot include " target)
    if (index(target, "system/os/") == 1 && !may_use_os)
      complain("system/os is for the library, the cli, the api and tests; take what you need from a System&")
    if (index(target, "system/sim/") == 1 && !may_use_sim)
      complain("system/sim is for tests, the lab, the library and cli/sim")
    if (siblings(target, "protocol")) complain("protocols do not know each other: " target)
    if (siblings(target, "net/transport")) complain("transports do not know each other: " target)
    if (siblings(target, "net/security")) complain("security protocols do not know each other: " target)
    if (siblings(target, "net/muxer")) complain("muxers do not know each other: " target)
    if (siblings(target, "net") && member(here, "net") != "swarm" && member(target, "net") != "resources" && !is_family_interface(target))
      complain("only net/swarm puts the parts of net together: " target)
  }
  if (in_source && target ~ world_header && !may_touch_world)
    complain("only system/os touches the world: <" target ">")
  if (in_source && target ~ socket_header && !may_use_sockets && !is_test)
    complain("only system/os and api include sockets, timers and Beast: <" target ">")
  if (FILENAME ~ /^include\// && (substr(code, RSTART, 1) == "\"" || (target ~ /[\/.]/ && target !~ /^shoal\/[a-z]+\.h$/)))
    complain("heavy include in a public header: only <shoal/...> and the standard library, not " target)
  next
}

in_source && !may_touch_world && code ~ world_call { complain("only system/os reads a clock or draws randomness; use the Clock and Random given to you") }
in_source && !may_touch_world && code ~ files_call { complain("only system/os touches files; use the Storage given to you") }

END { exit broken }
