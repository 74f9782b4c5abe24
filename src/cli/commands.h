#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "content/repeat_budget.h"
#include "format/peer_id.h"
#include "service/link.h"
#include "service/tunnel_target.h"

namespace shoal::cli {

/// What both `share` and `cid` take into the content.
struct IndexOptions {
  std::vector<std::string> paths;
  std::vector<std::string> exclude;
  bool hidden = false;
  bool preserve = false;
};

struct ShareOptions {
  IndexOptions index;
  std::string name;  // empty: as the path says
  std::optional<std::uint64_t> until_sent;
  bool index_only = false;
  bool qr_code = true;
};
std::unique_ptr<Command> make_share(ShareOptions options);

std::unique_ptr<Command> make_cid(IndexOptions options);

struct GetCommandOptions {
  service::Link link;
  std::string output;
  bool force = false;
  bool seed = false;
  content::TreeLimits limits;
};
std::unique_ptr<Command> make_get(GetCommandOptions options);

std::unique_ptr<Command> make_ls(service::Link link, bool recursive, content::TreeLimits limits);

struct CatOptions {
  service::Link link;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  content::TreeLimits limits;
};
std::unique_ptr<Command> make_cat(CatOptions options);

std::unique_ptr<Command> make_stat(service::Link link, content::TreeLimits limits);

std::unique_ptr<Command> make_id();

/// `lift`: no limits but those that the common options name.
std::unique_ptr<Command> make_limit(bool lift);

struct ForgetOptions {
  std::vector<std::string> what;  // paths, CIDs and links
  bool all = false;
};
std::unique_ptr<Command> make_forget(ForgetOptions options);

std::unique_ptr<Command> make_status();

/// `peer`: a multiaddr that ends in /p2p/ID, or an id. Throws Error{usage}.
std::unique_ptr<Command> make_ping(const std::string& peer, std::optional<std::uint64_t> count);

std::unique_ptr<Command> make_find(Cid cid);
std::unique_ptr<Command> make_provide(Cid cid);
/// `action` and what it takes as docs/cli.md says. Throws Error{usage}.
std::unique_ptr<Command> make_dht(const std::string& action, const std::string& key,
                                  const std::string& value);
std::unique_ptr<Command> make_network(const std::string& action, const std::string& file);
/// `peer` as make_ping's.
std::unique_ptr<Command> make_perf(const std::string& peer, std::optional<std::uint64_t> bytes);
/// Of the nodes that run in the home.
std::unique_ptr<Command> make_peers();

struct LabCommandOptions {
  std::string name;  // empty: lists the experiments
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> nodes;
  std::optional<std::uint64_t> file_bytes;
  std::optional<std::uint64_t> attackers;
  std::optional<std::uint64_t> rate;
  bool processes = false;
  std::string folder;  // empty: the working directory
};
/// Throws Error{usage}.
std::unique_ptr<Command> make_lab(const LabCommandOptions& options);
struct ExposeOptions {
  std::string name;
  service::TunnelTarget target;
  std::vector<PeerId> allowed;  // empty: who has the ticket
  bool new_ticket = false;
};
std::unique_ptr<Command> make_expose(ExposeOptions options);

struct ConnectOptions {
  std::string ticket;             // or @FILE
  std::optional<Endpoint> local;  // none: stdin and stdout
  bool http = false;
};
std::unique_ptr<Command> make_connect(ConnectOptions options);
struct PubOptions {
  std::string topic;
  bool whole = false;  // all of stdin is one message
  bool unsigned_messages = false;
};
std::unique_ptr<Command> make_pub(PubOptions options);

struct SubOptions {
  std::string topic;
  bool raw = false;
  bool unsigned_messages = false;
  std::optional<std::uint64_t> count;  // of messages after which it ends
};
std::unique_ptr<Command> make_sub(SubOptions options);
struct ChatOptions {
  std::string room;           // a name or a link
  std::string name;           // empty: the user's
  bool make_private = false;  // a new key for that name
};
/// Throws Error{usage} for a link that is none.
std::unique_ptr<Command> make_chat(ChatOptions options);
/// Of the nodes that run in the home.
std::unique_ptr<Command> make_topics();

/// Checks this machine and its network; see docs/cli.md.
std::unique_ptr<Command> make_doctor();

std::unique_ptr<Command> make_guide();

std::unique_ptr<Command> make_version();

}  // namespace shoal::cli
