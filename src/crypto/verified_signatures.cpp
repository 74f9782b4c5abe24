#include "crypto/verified_signatures.h"

#include <cstring>
#include <utility>

namespace shoal::crypto {

namespace {

std::array<std::uint8_t, 8> length_of(ByteView bytes) {
  std::array<std::uint8_t, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::uint8_t>(std::uint64_t{bytes.size()} >> 8 * i);
  }
  return length;
}

}  // namespace

Sha256Digest VerifiedSignatures::name_of(std::uint8_t key_type, ByteView key, ByteView message,
                                         ByteView signature) {
  const auto key_length = length_of(key);
  const auto signature_length = length_of(signature);
  const auto message_length = length_of(message);
  return sha256_of(std::array<ByteView, 7>{ByteView(&key_type, 1), key_length, key,
                                           signature_length, signature, message_length, message});
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
