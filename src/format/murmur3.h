#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace shoal {

/// murmur3-x64-64 of the multicodec table: the first half of MurmurHash3_x64_128 with seed 0. It
/// decides where a name goes in a sharded directory, and is no cryptographic hash.
std::uint64_t murmur3_x64_64(ByteView input);

}  // namespace shoal
