#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/keys.h"
#include "format/multihash.h"

namespace shoal {

/// Who a peer is: the multihash of its protobuf-encoded public key (libp2p peer-ids spec), the key
/// itself when that encoding has at most 42 bytes.
class PeerId {
 public:
  static PeerId from_public_key(const crypto::PublicKey& key);
  /// Binary form: sha2-256, or identity with an Ed25519 or secp256k1 key. Throws Error{malformed}.
  static PeerId decode(ByteView bytes);
  /// "12D3…", "Qm…", or a CIDv1 with the codec libp2p-key in any base.
  static PeerId parse(std::string_view text);

  /// The key inside, for ids that carry it.
  std::optional<crypto::PublicKey> public_key() const;
  bool matches(const crypto::PublicKey& key) const { return from_public_key(key) == *this; }

  ByteView encoded() const { return hash_.encoded(); }
  /// base58btc, as everybody prints it.
  std::string to_string() const;
  /// The last six characters, for logs and tables.
  std::string short_name() const;

  bool operator==(const PeerId&) const = default;
  std::strong_ordering operator<=>(const PeerId&) const = default;

 private:
  explicit PeerId(Multihash hash) : hash_(std::move(hash)) {}
  Multihash hash_;
};

}  // namespace shoal

template <>
struct std::hash<shoal::PeerId> {
  std::size_t operator()(const shoal::PeerId& id) const noexcept;
};
