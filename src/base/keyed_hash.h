#pragma once

#include <cstdint>
#include <string_view>

namespace shoal {

struct HashKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// SipHash-2-4 (Aumasson and Bernstein, 2012): without the key nobody finds two texts of one hash.
std::uint64_t keyed_hash(std::string_view text, HashKey key);

}  // namespace shoal
