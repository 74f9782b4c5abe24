#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace shoal::crypto {

/// The hash functions of content that other IPFS nodes made, besides those of hash.h.
enum class DigestFunction : std::uint8_t {
  sha1,
  sha2_224,
  sha2_256,
  sha2_384,
  sha2_512,
  sha2_512_224,
  sha2_512_256,
  sha2_256_twice,
  sha3_224,
  sha3_256,
  sha3_384,
  sha3_512,
  shake_128,
  shake_256,
  keccak_224,
  keccak_256,
  keccak_384,
  keccak_512,
  blake2b,
  blake2s
};

/// Hashes `data` into all of `digest`, which has the size that the function gives: SHAKE any,
/// BLAKE2b 1 to 64 bytes, BLAKE2s 1 to 32 bytes, the others the one of their name. Safe from every
/// thread.
void compute_digest(DigestFunction function, ByteView data, std::span<std::uint8_t> digest);

}  // namespace shoal::crypto
