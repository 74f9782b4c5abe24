#pragma once

#include <array>
#include <cstdint>

#include "system/random.h"

namespace shoal::sim {

/// xoshiro256** (Blackman and Vigna), seeded by splitmix64: fast, and the same everywhere.
class SeededRandom final : public Random {
 public:
  /// Different `stream`s of one seed are independent.
  SeededRandom(std::uint64_t seed, std::uint64_t stream);

  void fill(MutableBytes out) override;
  std::uint64_t draw();
  /// True in `chance` of all calls. Draws nothing when it cannot happen.
  bool happens(double chance);
  /// Uniform in [0, bound].
  std::uint64_t up_to(std::uint64_t bound);

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace shoal::sim
