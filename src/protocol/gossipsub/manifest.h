#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "crypto/keys.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/tree_rpc.h"

namespace shoal::gossipsub {

/// What a large message is made of: the hashes of its pieces, signed by its author, so that each
/// piece can be verified and passed on before the others are there. The message's own signature is
/// checked when it is whole.
struct Manifest {
  std::string topic;
  Bytes from;                       // as in the message
  Bytes seqno;                      // as in the message
  std::uint64_t message_bytes = 0;  // of the encoded message
  std::uint32_t piece_bytes = 0;    // of each piece but the last
  std::vector<crypto::Sha256Digest> hashes;
  Bytes signature;
  std::optional<Bytes> key;  // of an author whose id is a hash

  std::size_t pieces() const { return hashes.size(); }
  /// Of the piece `index`; in range.
  std::size_t size_of(std::uint32_t index) const;
  std::size_t offset_of(std::uint32_t index) const { return std::size_t{index} * piece_bytes; }
  /// The default id of the message.
  MessageId id() const;

  Bytes encode() const;
  /// Throws Error{malformed}, also for pieces that do not make up the message or sizes out of the
  /// bounds below.
  static Manifest decode(ByteView bytes);
};

inline constexpr std::uint32_t kMinPieceBytes = 64;
inline constexpr std::uint32_t kMaxPieceBytes = 64 * 1024;
/// So that a manifest stays below kMaxManifestBytes.
inline constexpr std::size_t kMaxPieces = 1024;

ManifestKey manifest_key(ByteView encoded_manifest);

/// Of a message signed by `key`. Hashes all of it.
Manifest make_manifest(const crypto::PrivateKey& key, const StoredMessage& message,
                       std::uint32_t piece_bytes);
/// Whether the author named in it signed it. Never throws.
bool has_valid_signature(const Manifest& manifest);
/// Whether it speaks of this message, pieces aside.
bool names(const Manifest& manifest, const Message& message);

}  // namespace shoal::gossipsub
