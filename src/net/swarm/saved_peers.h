#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "net/swarm/known_address.h"

namespace shoal::net {

/// What is written of a peer.
struct SavedPeer {
  struct Address {
    Multiaddr address;  // without /p2p
    AddressSource source = AddressSource::hearsay;
    std::uint64_t lifetime_seconds = 0;  // counted from when it was saved
    bool operator==(const Address&) const = default;
  };
  PeerId peer;
  bool useful = false;
  std::vector<Address> addresses{};
  bool operator==(const SavedPeer&) const = default;
};

struct SavedPeers {
  static constexpr std::size_t kMaxPeers = 10'000;
  static constexpr std::size_t kMaxAddressesPerPeer = 8;

  std::uint64_t saved_at = 0;  // seconds of Unix time
  std::vector<SavedPeer> peers{};
  bool operator==(const SavedPeers&) const = default;
};

/// As many of them, in order, as fit in `max_bytes`.
Bytes encode_saved_peers(const SavedPeers& saved, std::size_t max_bytes);
/// Throws Error{malformed}, {unsupported} or {limit}.
SavedPeers decode_saved_peers(ByteView bytes);

}  // namespace shoal::net
