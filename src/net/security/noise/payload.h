#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/keys.h"

namespace shoal::noise {

/// Muxers in one payload, as in go-libp2p.
inline constexpr std::size_t kMaxMuxers = 100;

/// NoiseHandshakePayload of the noise spec: who owns the static key, and the extension
/// stream_muxers. Other extensions (certificate hashes of WebTransport, unknown ones) are skipped.
struct HandshakePayload {
  Bytes identity_key;  // a PublicKey message of the peer-ids spec
  Bytes identity_signature;
  std::vector<std::string> stream_muxers;

  bool operator==(const HandshakePayload&) const = default;
};

Bytes encode_payload(const HandshakePayload& payload);
/// Key and signature must be there, and once. Throws Error{malformed}, or Error{limit} for more
/// than kMaxMuxers muxers.
HandshakePayload decode_payload(ByteView bytes);

/// A payload by which `identity` vouches for the static key.
HandshakePayload signed_payload(const crypto::PrivateKey& identity, ByteView static_key,
                                std::vector<std::string> muxers);
/// The identity that vouches for the static key. Throws Error{malformed} when its signature is
/// wrong, and what decoding a key throws.
crypto::PublicKey verified_identity(const HandshakePayload& payload, ByteView static_key);

}  // namespace shoal::noise
