#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace shoal {

/// Where a node draws from. The real one is the kernel's; the simulated one follows from the seed.
class Random {
 public:
  virtual ~Random() = default;

  virtual void fill(MutableBytes out) = 0;

  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  Bytes bytes(std::size_t count);
};

}  // namespace shoal
