#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cli/session.h"
#include "format/cid.h"
#include "format/peer_id.h"

namespace shoal::cli {

/// A running node of the home that serves a CID, and so announces it.
struct Announcer {
  PeerId peer;
  std::size_t told_peers = 0;  // so far
  std::string text;            // "process 123: shoal share film.mkv"
};

/// None when no running node of the session's home serves `cid`. Of several the one that has told
/// the most peers.
std::optional<Announcer> find_announcer(Session& session, const Cid& cid);

/// Returns when `node`, another of that home, finds the announcer's record of `cid` in the DHT,
/// with the number of peers that were told. Throws Error{unreachable} when the announcer ends
/// before, or when there is no record after a while.
Task<std::size_t> wait_until_findable(Session& session, node::Node& node, Cid cid,
                                      Announcer announcer);

}  // namespace shoal::cli
