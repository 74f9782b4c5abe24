#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/keys.h"
#include "format/peer_id.h"

namespace shoal::relay {

/// A relay's word that it serves a peer until then: libp2p specs, circuit-v2, "Reservation
/// Vouchers". Nobody asks for them yet.
struct Voucher {
  /// Of the whole envelope.
  static constexpr std::size_t kMaxBytes = 2 * 1024;

  PeerId relay;
  PeerId peer;
  std::uint64_t expires = 0;  // Unix seconds

  bool operator==(const Voucher&) const = default;
};

/// A signed envelope. `key` is the relay's.
Bytes seal_voucher(const crypto::PrivateKey& key, const PeerId& peer, std::uint64_t expires);
/// Accepts only what the relay in it signed. Throws Error{malformed}, {unsupported}, {limit}.
Voucher open_voucher(ByteView envelope);

}  // namespace shoal::relay
