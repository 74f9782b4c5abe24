#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "crypto/keys.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"

namespace shoal {

/// Where a peer says that it is reached: libp2p's RFC 0003, as identify exchanges it.
struct PeerRecord {
  /// Of the whole envelope.
  static constexpr std::size_t kMaxBytes = 8 * 1024;
  static constexpr std::size_t kMaxAddresses = 64;

  PeerId id;
  /// Grows with every record of a peer. Not a time, whatever it looks like.
  std::uint64_t seq = 0;
  std::vector<Multiaddr> addresses;

  bool operator==(const PeerRecord&) const = default;
};

/// An envelope with the record of `key`'s peer. Throws Error{limit} for more than kMaxAddresses or
/// kMaxBytes.
Bytes seal_peer_record(const crypto::PrivateKey& key, std::uint64_t seq,
                       const std::vector<Multiaddr>& addresses);

/// Accepts only what the peer itself signed. Addresses that we cannot read are left out, so are
/// those beyond kMaxAddresses. Throws Error{malformed}, {unsupported}, {limit}.
PeerRecord open_peer_record(ByteView envelope);

}  // namespace shoal
