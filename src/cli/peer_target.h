#pragma once

#include <optional>
#include <string>

#include "cli/session.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"

namespace shoal::cli {

/// A peer as a command line names it.
struct PeerTarget {
  PeerId peer;
  std::optional<Multiaddr> address;  // with /p2p
};

/// An address that ends in /p2p/ID, or an id. Throws Error{usage}.
PeerTarget parse_peer_target(const std::string& text);

/// Connects, looking the peer up first when no address of it is known. Throws Error{unreachable},
/// and {timeout} after --timeout.
Task<void> reach(Session& session, node::Node& node, PeerTarget target);

}  // namespace shoal::cli
