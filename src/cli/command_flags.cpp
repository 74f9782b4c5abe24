#include "cli/command_flags.h"

namespace shoal::cli {

namespace {

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
  shoal expose ssh localhost:22           prints a ticket: all that others need
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
  shoal chat --private family             prints a link; whoever has it can join
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

}  // namespace

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
  single(app, "--tls-cert", written.tls_cert, "FILE",
         "certificate (PEM) for --listen /…/tls/ws;\ndefault: one of its own making");
  single(app, "--tls-key", written.tls_key, "FILE",
         "its private key (PEM); default: in --tls-cert");
  single(app, "--tls-ca", written.tls_ca, "FILE",
         "certificates (PEM) to trust for names, /dns…/tls/ws;\n"
         "default: SSL_CERT_FILE, else the system's");
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

namespace {

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

}  // namespace

void add_commands(CLI::App& app, Written& written) {
  add_share(app, written);
  add_get(app, written);
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
  single(lab, "--attackers", written.attackers, "N", "how many attack, where somebody does");
  single(lab, "--rate", written.lab_rate, "N", "of what happens; `shoal lab` says of what");
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
}  // namespace shoal::cli
