#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"

namespace shoal::routing {

/// A peer of an answer of a delegated router.
struct DelegatedPeer {
  static constexpr std::size_t kMaxAddresses = 16;

  PeerId id;
  /// Without /p2p; those that cannot be read, or name another peer, are left out.
  std::vector<Multiaddr> addresses;
};

/// Peers of one answer; more are left out.
inline constexpr std::size_t kMaxDelegatedPeers = 100;

/// Reads an answer of the Delegated Routing V1 HTTP API (specs.ipfs.tech/routing/http-routing-v1):
/// `lines` for application/x-ndjson, a record a line; else one object with the records in
/// "Providers" or "Peers". Records of the schemas "peer" and "bitswap" count, but for those of
/// peers that only speak other protocols than Bitswap; unknown and damaged records are left out.
/// Throws Error{malformed} for text that is no JSON, or nested more than kMaxDepth deep.
std::vector<DelegatedPeer> decode_delegated(std::string_view text, bool lines);

}  // namespace shoal::routing
