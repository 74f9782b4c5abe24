#include "crypto/verified_signatures.h"

#include <cstring>
#include <utility>

namespace shoal::crypto {

namespace {

void update_prefixed(Sha256& hash, ByteView bytes) {
  std::array<std::uint8_t, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::uint8_t>(std::uint64_t{bytes.size()} >> 8 * i);
  }
  hash.update(length);
  hash.update(bytes);
}

}  // namespace

Sha256Digest VerifiedSignatures::name_of(std::uint8_t key_type, ByteView key, ByteView message,
                                         ByteView signature) {
  Sha256 hash;
  hash.update(ByteView(&key_type, 1));
  update_prefixed(hash, key);
  update_prefixed(hash, signature);
  update_prefixed(hash, message);
  return hash.finish();
}

std::size_t VerifiedSignatures::FirstBytes::operator()(const Sha256Digest& name) const {
  std::size_t out = 0;
  std::memcpy(&out, name.data(), sizeof out);
  return out;
}

bool VerifiedSignatures::contains(const Sha256Digest& name) const {
  return younger_.contains(name) || older_.contains(name);
}

void VerifiedSignatures::add(const Sha256Digest& name) {
  if (younger_.size() == kMaxInGeneration) older_ = std::exchange(younger_, {});
  younger_.insert(name);
}

}  // namespace shoal::crypto
