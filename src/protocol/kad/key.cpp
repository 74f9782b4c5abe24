#include "protocol/kad/key.h"

#include <bit>

#include "crypto/hash.h"

namespace shoal::kad {

Key Key::of(ByteView wire_key) {
  return Key(crypto::sha256(wire_key));
}

bool Key::bit(std::size_t index) const {
  return (bytes_[index / 8] >> (7 - index % 8) & 1) != 0;
}

std::size_t Key::common_prefix(const Key& other) const {
  for (std::size_t i = 0; i < kBytes; ++i) {
    const auto difference = static_cast<std::uint8_t>(bytes_[i] ^ other.bytes_[i]);
    if (difference != 0) return 8 * i + static_cast<std::size_t>(std::countl_zero(difference));
  }
  return kBits;
}

Key Key::distance(const Key& other) const {
  Key out = *this;
  for (std::size_t i = 0; i < kBytes; ++i) out.bytes_[i] ^= other.bytes_[i];
  return out;
}

bool nearer(const Key& target, const Key& a, const Key& b) {
  for (std::size_t i = 0; i < Key::kBytes; ++i) {
    if (a.bytes()[i] == b.bytes()[i]) continue;
    return (a.bytes()[i] ^ target.bytes()[i]) < (b.bytes()[i] ^ target.bytes()[i]);
  }
  return false;
}

}  // namespace shoal::kad
