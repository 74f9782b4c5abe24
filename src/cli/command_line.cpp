#include "cli/command_line.h"

#include <algorithm>

#include "cli/commands.h"
#include "cli/indexing.h"
#include "cli/nearest_word.h"
#include "cli/peer_target.h"
#include "cli/topic_text.h"
#include "cli/units.h"
#include "cli/version.h"
#include "cli/written.h"
#include "content/import/glob.h"
#include "format/name_check.h"
#include "protocol/tunnel/message.h"
#include "routing/http_router.h"
#include "service/chat_message.h"
#include "service/chat_room.h"
#include "service/tunnel_ticket.h"

namespace shoal::cli {

namespace {

/// Where help begins to explain: leaves 53 columns of 80.
constexpr std::size_t kHelpColumn = 27;

constexpr const char* kAbout =
    "Moves files directly between machines, with no server in between.\n"
    "Results go to stdout, everything else to stderr.";

constexpr const char* kExamples = R"(Examples:
  shoal share film.mkv                    serves it, prints a link
  shoal get LINK                          fetches it into this folder
  shoal --home /tmp/b get LINK -o /data   a second node on this machine

Flags may stand before or after the command; see also `shoal help COMMAND`.
Sizes are in powers of 1000.)";

constexpr const char* kShareExamples = R"(Examples:
  shoal share film.mkv
  shoal share photos notes.txt --name holiday --exclude '*.tmp'
  shoal share --until-sent 1 film.mkv     stops after one complete download
  pg_dump db | shoal share - --name db.sql)";

constexpr const char* kGetExamples = R"(Examples:
  shoal get 'ipfs://bafy...?filename=film.mkv&provider=...'
  shoal get LINK -o /data --seed          serves it afterwards
  shoal get bafy... --connect /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...

Run the same command again to resume.)";

constexpr const char* kCidExamples = R"(Examples:
  shoal cid film.mkv
  shoal cid --hidden folder               as `shoal share --hidden folder` gives)";

constexpr const char* kLsExamples = R"(Examples:
  shoal ls LINK
  shoal ls -R bafy.../photos --connect /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...)";

constexpr const char* kCatExamples = R"(Examples:
  shoal cat LINK > film.mkv
  shoal cat LINK/notes.txt
  shoal cat LINK --offset 1000 --length 16 | xxd)";

constexpr const char* kStatExamples = R"(Examples:
  shoal stat LINK
  shoal stat --json bafy.../photos)";

constexpr const char* kIdExamples = R"(Examples:
  shoal id
  shoal id --json --home /srv/shoal)";

constexpr const char* kStatusExamples = R"(Examples:
  shoal status                            also while another shoal uses the home
  shoal status --json --home /srv/shoal)";

constexpr const char* kLimitExamples = R"(Examples:
  shoal limit --up 5M                     for what runs now
  shoal limit --lift)";

constexpr const char* kForgetExamples = R"(Examples:
  shoal forget photos/2019
  shoal forget --all)";

constexpr const char* kPingExamples = R"(Examples:
  shoal ping /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...
  shoal ping 12D3KooW... -c 3 --connect /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...)";

constexpr const char* kFindExamples = R"(Examples:
  shoal find bafy...
  shoal find bafy... --bootstrap /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...)";

constexpr const char* kProvideExamples = R"(Examples:
  shoal provide bafy... --bootstrap /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...)";

constexpr const char* kPeersExamples = R"(Examples:
  shoal peers                             of the nodes that run on this home
  shoal peers --json)";

constexpr const char* kDhtExamples = R"(Examples:
  shoal dht lookup 12D3KooW... --bootstrap /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...
  shoal dht get /pk/12D3KooW...
  shoal dht table)";

constexpr const char* kNetworkExamples = R"(Examples:
  shoal network new family.key
  shoal share photos --network family.key)";

constexpr const char* kPerfExamples = R"(Examples:
  shoal perf /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...
  shoal perf 12D3KooW... --bytes 1G)";

constexpr const char* kLabExamples = R"(Examples:
  shoal lab                               lists the experiments
  shoal lab lookup --out /tmp             writes /tmp/lookup.html
  shoal lab churn --nodes 500 --seed 7
  shoal lab distribute --processes --nodes 4 --size 8M --up 4M)";
constexpr const char* kExposeExamples = R"(Examples:
  shoal expose ssh localhost:22           prints a ticket: who has it can connect
  shoal expose db localhost:5432 --allow 12D3KooW...
  shoal expose docker unix:/run/docker.sock
  shoal expose dns udp://localhost:53)";

constexpr const char* kConnectExamples = R"(Examples:
  shoal connect TICKET                    at a free port of this machine
  shoal connect TICKET 8080
  shoal connect @ticket.txt localhost:5432
  ssh -o 'ProxyCommand shoal connect @ticket.txt -' user@host)";
constexpr const char* kPubExamples = R"(Examples:
  echo hello | shoal pub news
  shoal pub photos --whole < cat.jpg      one message, at most 1 MiB
  tail -f log | shoal pub log --bootstrap /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...)";

constexpr const char* kSubExamples = R"(Examples:
  shoal sub news
  shoal sub --json news                   with author and id
  shoal sub photos --raw -c 1 > cat.jpg)";

constexpr const char* kChatExamples = R"(Examples:
  shoal chat picnic                       with everybody who knows the name
  shoal chat --private family             prints a link; who has it is in
  shoal chat LINK --name Ann)";

constexpr const char* kTopicsExamples = R"(Examples:
  shoal topics                            of the nodes that run on this home
  shoal topics --json)";

constexpr const char* kDoctorExamples = R"(Examples:
  shoal doctor
  shoal doctor --connect /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...
                                          also asks that peer how this node looks)";

constexpr const char* kGuideExamples = R"(Examples:
  shoal guide                             in a browser, where there is one)";

constexpr const char* kVersionExamples = R"(Examples:
  shoal version
  shoal version --json)";

constexpr const char* kHelpExamples = R"(Examples:
  shoal help
  shoal help get)";

void add_common(CLI::App& app, Written& written) {
  single(app, "--home", written.home, "DIR",
         "folder for key and index; default: SHOAL_HOME,\n"
         "else $XDG_DATA_HOME/shoal");
  repeatable(app, "--listen", written.listen, "MULTIADDR",
             "repeatable; address to listen on; default: every\n"
             "interface, the port of this home");
  repeatable(app, "--connect", written.connect, "MULTIADDR",
             "repeatable; stay connected to this peer\n"
             "(an address that ends in /p2p/ID)");
  repeatable(app, "--bootstrap", written.bootstrap, "MULTIADDR",
             "repeatable; a peer of the network to join\n"
             "(an address that ends in /p2p/ID)");
  repeatable(app, "--router", written.routers, "URL",
             "repeatable; an HTTP server to ask for providers and\n"
             "peers (/routing/v1), such as http://127.0.0.1:8080");
  single(app, "--network", written.network, "FILE",
         "join the private network with this key (swarm.key);\n"
         "peers without the key are refused");
  repeatable(app, "--announce", written.announce_at, "MULTIADDR",
             "repeatable; address where others reach this node,\n"
             "such as a forwarded port");
  repeatable(app, "--relay", written.relays, "MULTIADDR",
             "repeatable; be reached through this relay\n"
             "(an address that ends in /p2p/ID)");
  app.add_flag("--relay-service", written.relay_service,
               "relay for others, without limits on time and bytes");
  app.add_flag("--no-port-mapping", written.no_port_mapping,
               "do not ask the router to forward a port");
  app.add_flag("--no-lan", written.no_lan, "neither find peers on the LAN nor be found there");
  app.add_flag("--public", written.is_public, "announce to the public IPFS network, and search it");
  single(app, "--up", written.up, "RATE", "limit in bytes a second: 500K, 20M, 1.5G");
  single(app, "--down", written.down, "RATE", "limit in bytes a second");
  single(app, "--timeout", written.timeout, "TIME", "give up after TIME without progress: 10s, 5m");
  app.add_flag("--json", written.json, "one JSON object per line on stdout");
  app.add_flag("-q,--quiet", written.quiet, "warnings and errors only");
  app.add_flag("-v,--verbose", written.verbosity, "more detail; -vv even more");
  app.add_flag("--no-progress", written.no_progress, "hide the progress line");
  single(app, "--color", written.color, "WHEN", "auto, always or never; NO_COLOR is honoured");
}

void add_link(CLI::App& command, Written& written) {
  single(command, "LINK", written.link, "", "link, CID or gateway URL; may end in a path")
      ->required();
}

void add_index_options(CLI::App& command, Written& written) {
  several(command, "PATH", written.index.paths, "",
          "files and folders, - for standard input;\n"
          "several become one folder")
      ->required();
  repeatable(command, "--exclude", written.index.exclude, "GLOB",
             "repeatable; leave out matching files\n(like a line of .shoalignore)");
  command.add_flag("--hidden", written.index.hidden, "include hidden files");
  command.add_flag("--preserve", written.index.preserve,
                   "keep permissions and modification times;\nchanges the CID");
}

void add_share(CLI::App& app, Written& written) {
  auto& command = add_command(app, "share", "share files in place, print a link", kShareExamples);
  add_index_options(command, written);
  single(command, "--name", written.name, "NAME", "the name in the link");
  single(command, "--until-sent", written.until_sent, "N", "exit after N complete downloads");
  command.add_flag("--index-only", written.index_only, "index, print the link, exit");
  command.add_flag("--no-qr", written.no_qr, "no QR code");
}

void add_max_size(CLI::App& command, Written& written) {
  single(command, "--max-size", written.max_size, "SIZE",
         "stop beyond SIZE (10G); allows content that\n"
         "repeats a few blocks many times");
}

void add_max_files(CLI::App& command, Written& written) {
  single(command, "--max-files", written.max_files, "N",
         "stop beyond N files and folders; allows folders\n"
         "that repeat many times");
}

void add_get(CLI::App& app, Written& written) {
  auto& command = add_command(app, "get", "download, verify and resume", kGetExamples);
  add_link(command, written);
  single(command, "-o,--output", written.output, "PATH",
         "into PATH when it is a directory, else as PATH");
  command.add_flag("--force", written.force, "replace an existing target");
  command.add_flag("--seed", written.seed, "keep sharing afterwards");
  add_max_size(command, written);
  add_max_files(command, written);
}

void add_unsigned(CLI::App& command, Written& written) {
  command.add_flag("--unsigned", written.unsigned_messages,
                   "messages name no author and prove none; all\npeers of the topic must agree");
}

void add_others(CLI::App& app, Written& written) {
  auto& ls = add_command(app, "ls", "list a folder", kLsExamples);
  add_link(ls, written);
  ls.add_flag("-R,--recursive", written.recursive, "list subfolders too");
  add_max_files(ls, written);

  auto& cat = add_command(app, "cat", "print a file to stdout", kCatExamples);
  add_link(cat, written);
  single(cat, "--offset", written.offset, "N", "begin at byte N");
  single(cat, "--length", written.length, "N", "at most N bytes");
  add_max_size(cat, written);

  auto& stat =
      add_command(app, "stat", "show type, size, blocks, and what is stored here", kStatExamples);
  add_link(stat, written);
  add_max_files(stat, written);
  add_index_options(add_command(app, "cid", "compute the CID that share would give", kCidExamples),
                    written);
  add_command(app, "id", "show this node's id and addresses", kIdExamples);

  auto& forget =
      add_command(app, "forget", "drop files from the index, not from the disk", kForgetExamples);
  several(forget, "PATH|CID", written.forgotten, "", "a file, a folder, or what a CID names");
  forget.add_flag("--all", written.forget_all, "everything");

  auto& limit = add_command(app, "limit", "change the limits of what is running", kLimitExamples);
  limit.add_flag("--lift", written.lift, "no limit but those given beside it");

  add_command(app, "status", "show what is running, shared and indexed", kStatusExamples);

  auto& find = add_command(app, "find", "find the peers that have a CID", kFindExamples);
  single(find, "CID", written.cid, "", "a CID or a link")->required();
  auto& provide =
      add_command(app, "provide", "announce that this node has a CID", kProvideExamples);
  single(provide, "CID", written.cid, "", "a CID or a link")->required();
  auto& dht = add_command(app, "dht", "look into the distributed hash table", kDhtExamples);
  single(dht, "ACTION", written.action, "", "lookup, get, put or table")->required();
  single(dht, "KEY", written.key, "", "a peer id, a CID, or a key such as /pk/ID");
  single(dht, "VALUE", written.value, "", "base64");
  add_command(app, "peers", "list the connected peers", kPeersExamples);
  auto& network =
      add_command(app, "network", "make the key of a private network", kNetworkExamples);
  single(network, "ACTION", written.action, "", "new")->required();
  single(network, "FILE", written.file, "", "file to write the key to")->required();
  auto& perf = add_command(app, "perf", "measure throughput to a peer", kPerfExamples);
  single(perf, "PEER", written.peer, "", "an address that ends in /p2p/ID, or an id")->required();
  single(perf, "--bytes", written.bytes, "N", "bytes to send in each direction; default 100M");

  auto& pub = add_command(app, "pub", "publish lines of stdin to a topic", kPubExamples);
  single(pub, "TOPIC", written.topic, "", "any name; whoever knows it is in")->required();
  pub.add_flag("--whole", written.whole, "all of stdin is one message");
  add_unsigned(pub, written);
  auto& sub = add_command(app, "sub", "print the messages of a topic", kSubExamples);
  single(sub, "TOPIC", written.topic, "", "any name; whoever knows it is in")->required();
  sub.add_flag("--raw", written.raw, "messages as they are, nothing between them");
  add_unsigned(sub, written);
  single(sub, "-c,--count", written.count, "N", "end after N messages");
  auto& chat = add_command(app, "chat", "talk to whoever is in a topic", kChatExamples);
  single(chat, "TOPIC|LINK", written.topic, "", "a name, or the link of a private chat");
  single(chat, "--name", written.name, "NAME", "yours; default: of the user");
  chat.add_flag("--private", written.make_private, "a new key, and so a link that only you have");
  add_command(app, "topics", "list the topics that are joined here", kTopicsExamples);

  auto& ping = add_command(app, "ping", "measure round trips to a peer", kPingExamples);
  single(ping, "PEER", written.peer, "", "an address that ends in /p2p/ID, or an id")->required();
  single(ping, "-c,--count", written.count, "N", "number of pings; default: until stopped");

  auto& lab = add_command(app, "lab", "run an experiment in a simulated network", kLabExamples);
  single(lab, "NAME", written.experiment, "", "which one; without it all are listed");
  single(lab, "--seed", written.lab_seed, "N", "all chance follows from it; default 1");
  single(lab, "--nodes", written.nodes, "N", "how many nodes");
  single(lab, "--size", written.size, "N", "bytes of the file, where there is one");
  lab.add_flag("--processes", written.processes, "distribute: with real processes, by loopback");
  single(lab, "--out", written.out, "DIR", "where the page goes; default: here");

  auto& expose = add_command(app, "expose", "let others connect to a service", kExposeExamples);
  single(expose, "NAME", written.name, "", "what it is called: a-z, 0-9 and -")->required();
  single(expose, "TARGET", written.target, "", "HOST:PORT, PORT, udp://HOST:PORT, or unix:PATH")
      ->required();
  repeatable(expose, "--allow", written.allowed, "PEER",
             "repeatable; only these peers, by their ids;\ndefault: whoever has the ticket");
  expose.add_flag("--new-ticket", written.new_ticket, "make tickets printed before worthless");

  auto& connect =
      add_command(app, "connect", "connect to a service by its ticket", kConnectExamples);
  single(connect, "TICKET", written.ticket, "", "what expose printed, or @FILE")->required();
  single(connect, "LOCAL", written.local, "",
         "[HOST:]PORT to listen on; - for stdin and stdout;\ndefault: a free port of localhost");

  connect.add_flag("--http", written.http,
                   "a web site: say where a browser finds it,\nhttp://NAME.localhost:PORT");

  add_command(app, "doctor", "check this machine and its network", kDoctorExamples);
  add_command(app, "guide", "show the guide: peer-to-peer, learned by running it", kGuideExamples);

  add_command(app, "version", "version, commit, compiler, libraries", kVersionExamples);

  // Like a command, but whoever looks for one is not told of it.
  auto& help = add_command(app, "help", "flags and examples of a command", kHelpExamples);
  single(help, "COMMAND", written.helped, "", "which one");
  help.group("");
}

template <class T, class Parse>
std::optional<T> if_given(const std::string& text, const char* flag, Parse parse) {
  if (text.empty()) return std::nullopt;
  return parse(flag, text);
}

std::optional<std::uint64_t> count_if_given(const std::string& text, const char* flag) {
  return if_given<std::uint64_t>(text, flag, parse_count);
}

std::optional<std::uint64_t> positive_if_given(const std::string& text, const char* flag) {
  const auto count = count_if_given(text, flag);
  if (count == 0u) {
    throw Error(ErrorCode::usage, std::string(flag) + " cannot be 0", {}, "use 1 or more");
  }
  return count;
}

/// Bytes a second; 0 when there is no limit.
std::uint64_t rate_if_given(const std::string& text, const char* flag) {
  const auto rate = if_given<std::uint64_t>(text, flag, parse_size);
  if (rate == 0u) {
    throw Error(ErrorCode::usage, std::string(flag) + " cannot be less than a byte a second", {},
                std::string("leave ") + flag + " out for no limit");
  }
  return rate.value_or(0);
}

/// What a receiver would not take for a name is refused here already.
std::string name_if_given(const std::string& text) {
  if (text.empty() || is_acceptable_name(text)) return text;
  throw Error(ErrorCode::usage, "--name cannot be '" + text + "'", {},
              "it is the name of one file or folder: no '/', not '.' or '..', at most 255 bytes");
}

/// Elsewhere `-` is stdout; here it would be a file that is hard to get rid of.
std::string output_if_given(const std::string& text) {
  if (text != "-") return text;
  throw Error(ErrorCode::usage, "-o does not take - for stdout", {},
              "`shoal cat LINK` writes a file to stdout; a file of that name is -o ./-");
}

/// What cannot be is refused before anything is made.
IndexOptions checked(const IndexOptions& index) {
  for (const auto& pattern : index.exclude) content::Glob{pattern};
  if (index.preserve && reads_standard_input(index)) {
    throw Error(ErrorCode::usage, "standard input has no permissions and no time to keep", {},
                "leave out --preserve; a file named - is ./-");
  }
  return index;
}

ForgetOptions forget_options(const Written& written) {
  if (written.forget_all != written.forgotten.empty()) {
    throw Error(ErrorCode::usage, "forget takes what to forget, or --all", {},
                "`shoal status` lists what is remembered");
  }
  return {.what = written.forgotten, .all = written.forget_all};
}

/// Nothing of standard input is there any more after an index.
bool checked_index_only(const Written& written) {
  if (written.index_only && reads_standard_input(written.index)) {
    throw Error(ErrorCode::usage, "--index-only keeps nothing of standard input", {},
                "`shoal cid -` tells its CID; a file named - is ./-");
  }
  return written.index_only;
}

CommonOptions read_common(const Written& written) {
  CommonOptions options;
  options.home = written.home;
  for (const auto& text : written.listen) options.listen.push_back(parse_listen(text));
  for (const auto& text : written.connect)
    options.connect.push_back(parse_peer_address("--connect", text));
  for (const auto& text : written.bootstrap) {
    options.bootstrap.push_back(parse_peer_address("--bootstrap", text));
  }
  if (written.routers.size() > routing::kMaxHttpRouters) {
    throw Error(ErrorCode::usage, "--router can be given 4 times");
  }
  for (const auto& text : written.routers) {
    routing::RouterUrl::parse(text);
    options.routers.push_back(text);
  }
  options.network_file = written.network;
  options.lan = !written.no_lan;
  options.is_public = written.is_public;
  for (const auto& text : written.announce_at) options.announce.push_back(parse_announce(text));
  for (const auto& text : written.relays) {
    options.relays.push_back(parse_peer_address("--relay", text));
  }
  options.relay_service = written.relay_service;
  options.port_mapping = !written.no_port_mapping;
  options.up = rate_if_given(written.up, "--up");
  options.down = rate_if_given(written.down, "--down");
  options.timeout = if_given<Duration>(written.timeout, "--timeout", parse_time);
  options.verbosity = written.verbosity;
  options.output = {.json = written.json,
                    .quiet = written.quiet,
                    .progress = !written.no_progress,
                    .color = parse_color(written.color)};
  return options;
}

content::TreeLimits read_limits(const Written& written) {
  const auto bytes = if_given<std::uint64_t>(written.max_size, "--max-size", parse_size);
  return {.max_bytes = bytes, .max_entries = count_if_given(written.max_files, "--max-files")};
}

ExposeOptions expose_options(const Written& written) {
  if (!tunnel::is_name(written.name)) {
    throw Error(ErrorCode::usage, "a tunnel cannot be called '" + written.name + "'", {},
                "1 to 63 of a-z, 0-9 and -, as in the name of a host");
  }
  std::vector<PeerId> allowed;
  for (const auto& text : written.allowed) allowed.push_back(parse_peer_target(text).peer);
  if (written.new_ticket && !allowed.empty()) {
    throw Error(ErrorCode::usage, "--new-ticket and --allow exclude each other", {},
                "with --allow the ticket holds no secret");
  }
  return {.name = written.name,
          .target = service::TunnelTarget::parse(written.target),
          .allowed = std::move(allowed),
          .new_ticket = written.new_ticket};
}

ConnectOptions connect_options(const Written& written) {
  ConnectOptions out{.ticket = written.ticket, .local = std::nullopt, .http = written.http};
  if (!out.ticket.starts_with('@')) static_cast<void>(service::TunnelTicket::parse(out.ticket));
  if (written.local != "-")
    out.local = service::parse_local(written.local.empty() ? "0" : written.local);
  if (out.http && (!out.local || !out.local->address.is_loopback())) {
    throw Error(ErrorCode::usage, "--http is for a port of localhost", {},
                "NAME.localhost is a name of this machine alone");
  }
  return out;
}

ChatOptions chat_options(const Written& written) {
  if (written.topic.empty() && !written.make_private) {
    throw Error(ErrorCode::usage, "chat takes a topic or a link", {},
                "`shoal chat picnic` talks to everybody who knows that name");
  }
  const std::string room = written.topic.empty() ? "chat" : written.topic;
  const auto parsed = service::ChatRoom::parse(room);
  if (written.make_private && parsed.is_private()) {
    throw Error(ErrorCode::usage, "this link is private already", {}, "leave out --private");
  }
  if (written.name.size() > service::ChatMessage::kMaxNameBytes) {
    throw Error(ErrorCode::usage, "a name in a chat has at most 64 bytes", {}, "use a shorter one");
  }
  return {.room = written.make_private ? parsed.name() : room,
          .name = written.name,
          .make_private = written.make_private};
}

std::unique_ptr<Command> make_command(const std::string& name, const Written& written,
                                      bool others_known) {
  if (name == "share") {
    return make_share({.index = checked(written.index),
                       .name = name_if_given(written.name),
                       .until_sent = positive_if_given(written.until_sent, "--until-sent"),
                       .index_only = checked_index_only(written),
                       .qr_code = !written.no_qr});
  }
  if (name == "cid") return make_cid(checked(written.index));
  if (name == "id") return make_id();
  if (name == "forget") return make_forget(forget_options(written));
  if (name == "limit") return make_limit(written.lift);
  if (name == "status") return make_status();
  if (name == "version") return make_version();
  if (name == "doctor") return make_doctor();
  if (name == "guide") return make_guide();
  if (name == "lab") {
    return make_lab({.name = written.experiment,
                     .seed = count_if_given(written.lab_seed, "--seed"),
                     .nodes = positive_if_given(written.nodes, "--nodes"),
                     .file_bytes = if_given<std::uint64_t>(written.size, "--size", parse_size),
                     .processes = written.processes,
                     .folder = written.out});
  }
  if (name == "ping") return make_ping(written.peer, positive_if_given(written.count, "-c"));
  if (name == "find") return make_find(service::Link::parse(written.cid, true).cid);
  if (name == "provide") return make_provide(service::Link::parse(written.cid, true).cid);
  if (name == "peers") return make_peers();
  if (name == "dht") return make_dht(written.action, written.key, written.value);
  if (name == "network") return make_network(written.action, written.file);
  if (name == "expose") return make_expose(expose_options(written));
  if (name == "connect") return make_connect(connect_options(written));
  if (name == "pub") {
    return make_pub({.topic = checked_topic(written.topic),
                     .whole = written.whole,
                     .unsigned_messages = written.unsigned_messages});
  }
  if (name == "sub") {
    return make_sub({.topic = checked_topic(written.topic),
                     .raw = written.raw,
                     .unsigned_messages = written.unsigned_messages,
                     .count = positive_if_given(written.count, "-c")});
  }
  if (name == "chat") return make_chat(chat_options(written));
  if (name == "topics") return make_topics();
  if (name == "perf") {
    return make_perf(written.peer, if_given<std::uint64_t>(written.bytes, "--bytes", parse_size));
  }
  service::Link link = service::Link::parse(written.link, others_known);
  if (name == "get") {
    return make_get({.link = std::move(link),
                     .output = output_if_given(written.output),
                     .force = written.force,
                     .seed = written.seed,
                     .limits = read_limits(written)});
  }
  if (name == "ls") return make_ls(std::move(link), written.recursive, read_limits(written));
  if (name == "stat") return make_stat(std::move(link), read_limits(written));
  return make_cat({.link = std::move(link),
                   .offset = count_if_given(written.offset, "--offset").value_or(0),
                   .length = count_if_given(written.length, "--length"),
                   .limits = read_limits(written)});
}

std::string hint_for(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
  return "`shoal" + command + " --help` shows how, with examples";
}

[[noreturn]] void refuse_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
  }
  const std::string meant = nearest_word(name, known);
  const std::string hint = "`shoal --help` lists the commands, with examples";
  throw Error(ErrorCode::usage, "there is no command '" + name + "'", {},
              meant.empty() ? hint : "did you mean `shoal " + meant + "`? " + hint);
}

/// The first word that could have been a command, or the first flag, when none is.
std::string unknown_command(const CLI::App& app, const CLI::ParseError& error) {
  if (!app.get_subcommands().empty()) return {};
  const auto rest = app.remaining();
  const bool other = dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr &&
                     dynamic_cast<const CLI::RequiredError*>(&error) == nullptr;
  return other || rest.empty() ? std::string() : unmarked(rest.front());
}

[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& error) {
  const std::string unknown = unknown_command(app, error);
  if (!unknown.empty() && !unknown.starts_with('-')) refuse_command(app, unknown);
  std::string message = unknown.empty() ? error.what() : "there is no flag '" + unknown + "'";
  std::erase(message, kMark);
  throw Error(ErrorCode::usage, message, {}, hint_for(app));
}

/// What `shoal help` and `shoal help COMMAND` print.
std::string help_text(const CLI::App& app, const std::string& name) {
  if (name.empty()) {
    return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
  }
  const auto found =
      app.get_subcommands([&name](const CLI::App* command) { return command->get_name() == name; });
  if (found.empty()) refuse_command(app, name);
  return found.front()->help(app.get_name());
}

void describe(CLI::App& app, Written& written) {
  app.description(kAbout);
  app.footer(kExamples);
  app.fallthrough();
  app.require_subcommand(1);
  app.set_version_flag("--version", version_as_text());
  app.get_formatter()->column_width(kHelpColumn);
  add_common(app, written);
  add_share(app, written);
  add_get(app, written);
  add_others(app, written);
}

}  // namespace

bool asks_for_json(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

Invocation parse_command_line(std::vector<std::string> arguments) {
  CLI::App app("", "shoal");
  Written written;
  describe(app, written);
  const bool json = asks_for_json(arguments);
  std::ranges::for_each(arguments, mark);
  std::ranges::reverse(arguments);  // CLI11 takes them from the end
  Invocation invocation;
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    invocation.help = app.help();
    return invocation;
  } catch (const CLI::CallForVersion&) {
    invocation.options.output.json = json;
    invocation.command = make_version();
    return invocation;
  } catch (const CLI::ParseError& error) {
    refuse(app, error);
  }
  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "help") {
    invocation.help = help_text(app, written.helped);
    return invocation;
  }
  invocation.options = read_common(written);
  invocation.command = make_command(name, written, !invocation.options.connect.empty());
  return invocation;
}

}  // namespace shoal::cli
