#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"
#include "crypto/keys.h"

namespace shoal {

/// A payload, of a named type, that somebody signed for one purpose: libp2p's RFC 0002.
struct Envelope {
  static constexpr std::size_t kMaxBytes = 64 * 1024;

  crypto::PublicKey signer;
  Bytes payload_type;
  Bytes payload;
};

/// Signs with `domain`, which keeps signatures for one purpose from passing for another. `domain`
/// and `payload_type` must not be empty. Throws Error{limit} when it would exceed
/// Envelope::kMaxBytes.
Bytes seal_envelope(const crypto::PrivateKey& key, std::string_view domain, ByteView payload_type,
                    ByteView payload);

/// Throws Error{malformed}, also for a signature that is not the signer's in this domain;
/// Error{unsupported} for another type of payload or of key; Error{limit}. Nothing is said about
/// who the signer is: compare it.
Envelope open_envelope(ByteView bytes, std::string_view domain, ByteView payload_type);

}  // namespace shoal
