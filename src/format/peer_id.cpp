#include "format/peer_id.h"

#include "base/base_n.h"
#include "base/error.h"
#include "format/cid.h"
#include "format/key_codec.h"

namespace shoal {
namespace {

// Keys that encode to no more than this are the id themselves (peer-ids spec).
constexpr std::size_t kMaxInlineKeyBytes = 42;
constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kShortNameCharacters = 6;

// The longest is a CID in hexadecimal.
constexpr std::size_t kMaxTextCharacters = 128;

Multihash checked(Multihash hash) {
  if (hash.is(HashCode::sha2_256) && hash.digest().size() == kSha256Bytes) return hash;
  if (!hash.is(HashCode::identity)) {
    throw Error(ErrorCode::malformed,
                "peer id that is neither a public key nor the SHA-256 of one");
  }
  try {
    check_inline_public_key(hash.digest());
  } catch (const Error& error) {
    throw Error(ErrorCode::malformed, "no public key in the peer id: " + error.message());
  }
  return hash;
}

}  // namespace

PeerId PeerId::from_public_key(const crypto::PublicKey& key) {
  const Bytes encoded = encode_public_key(key);
  return PeerId(encoded.size() <= kMaxInlineKeyBytes ? Multihash::identity(encoded)
                                                     : Multihash::sha2_256(encoded));
}

PeerId PeerId::decode(ByteView bytes) {
  return PeerId(checked(Multihash::decode(bytes)));
}

PeerId PeerId::parse(std::string_view text) {
  if (text.size() > kMaxTextCharacters) {
    throw Error(ErrorCode::limit, "peer id of too many characters");
  }
  if (text.starts_with("1") || text.starts_with("Qm")) {
    return decode(decode_base(Base::base58btc, text));
  }
  const Cid cid = Cid::parse(text);
  if (!cid.is(Codec::libp2p_key)) {
    throw Error(ErrorCode::malformed, "CID that is not of a key", std::string(text));
  }
  return PeerId(checked(cid.hash()));
}

std::optional<crypto::PublicKey> PeerId::public_key() const {
  if (!hash_.is(HashCode::identity)) return std::nullopt;
  return decode_public_key(hash_.digest());
}

std::string PeerId::to_string() const {
  return encode_base(Base::base58btc, encoded());
}

std::string PeerId::short_name() const {
  const std::string text = to_string();
  return text.size() <= kShortNameCharacters ? text
                                             : text.substr(text.size() - kShortNameCharacters);
}

}  // namespace shoal

std::size_t std::hash<shoal::PeerId>::operator()(const shoal::PeerId& id) const noexcept {
  return shoal::hash_of_tail(id.encoded());
}
