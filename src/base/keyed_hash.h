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

/// By a key that this process drew when it began. It differs from run to run: nothing may follow
/// from it but whether two texts are equal.
std::uint64_t keyed_hash(std::string_view text);

}  // namespace shoal
