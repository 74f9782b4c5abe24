#pragma once

#include <cstdint>

#include "crypto/keys.h"

namespace shoal::testing {

/// The same key for the same seed.
inline crypto::PrivateKey test_key(std::uint8_t seed) {
  return crypto::PrivateKey::ed25519_from_seed(Bytes(32, seed));
}

}  // namespace shoal::testing
