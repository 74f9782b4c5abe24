#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "crypto/keys.h"

namespace shoal {

/// Keys as protobuf messages, libp2p's peer-ids spec: the key's type, then its data, both present,
/// in this order, nothing else, in the fewest bytes. So a key has one encoding, and a peer one id.
inline constexpr std::size_t kMaxPublicKeyBytes = 2048;   // RSA with 8192 bits takes 1066
inline constexpr std::size_t kMaxPrivateKeyBytes = 8192;  // RSA with 8192 bits takes 4700

Bytes encode_public_key(const crypto::PublicKey& key);
/// Throws Error{malformed}, {limit} when too large, {unsupported} for an unknown type of key.
crypto::PublicKey decode_public_key(ByteView bytes);

/// What a peer id that is not a hash holds: the encoding of a key of 42 bytes or less, which an
/// Ed25519 or a secp256k1 key has. Looks at type and length alone, as ids come in great numbers:
/// whether a point is on its curve shows when the key is used. Throws as decode_public_key does.
void check_inline_public_key(ByteView bytes);

Bytes encode_private_key(const crypto::PrivateKey& key);
/// Throws as decode_public_key does.
crypto::PrivateKey decode_private_key(ByteView bytes);

}  // namespace shoal
