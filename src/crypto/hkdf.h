#pragma once

#include <array>
#include <cstddef>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace shoal::crypto {

/// HKDF-SHA256 (RFC 5869) with empty info, cut into blocks of 32 bytes: the HKDF of the Noise
/// framework, section 4.3. `salt` is Noise's chaining key. Defined for 2 and 3 outputs.
template <std::size_t outputs>
std::array<Sha256Digest, outputs> hkdf_sha256(ByteView salt, ByteView input);

extern template std::array<Sha256Digest, 2> hkdf_sha256<2>(ByteView salt, ByteView input);
extern template std::array<Sha256Digest, 3> hkdf_sha256<3>(ByteView salt, ByteView input);

}  // namespace shoal::crypto
