#include "cli/command_options.h"

#include <algorithm>

#include "cli/commands.h"
#include "cli/indexing.h"
#include "cli/peer_target.h"
#include "cli/topic_text.h"
#include "cli/units.h"
#include "content/import/glob.h"
#include "format/name_check.h"
#include "protocol/tunnel/message.h"
#include "routing/http_router.h"
#include "service/chat_message.h"
#include "service/chat_room.h"
#include "service/tunnel_ticket.h"

namespace shoal::cli {

namespace {

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

std::optional<std::uint64_t> size_if_given(const std::string& text, const char* flag) {
  const auto size = if_given<std::uint64_t>(text, flag, parse_size);
  if (size == 0u) {
    throw Error(ErrorCode::usage, std::string(flag) + " cannot be 0", {}, "use 1 or more");
  }
  return size;
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

}  // namespace

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
  if (written.tls_cert.empty() && !written.tls_key.empty())
    throw Error(ErrorCode::usage, "--tls-key needs --tls-cert");
  options.tls = {.certificate = written.tls_cert, .key = written.tls_key, .roots = written.tls_ca};
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

namespace {

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

}  // namespace

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
                     .file_bytes = size_if_given(written.size, "--size"),
                     .attackers = positive_if_given(written.attackers, "--attackers"),
                     .rate = positive_if_given(written.lab_rate, "--rate"),
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

}  // namespace shoal::cli
