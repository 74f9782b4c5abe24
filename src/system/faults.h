#pragma once

#include <string_view>

namespace shoal {

/// Points in production code where the simulator may let something rare happen (a queue that is
/// full, a timer that fires early, a short write). Never fires in the real world.
class Faults {
 public:
  virtual ~Faults() = default;
  /// `point` names the place, such as "bitswap.drop_message".
  virtual bool fires(std::string_view point) = 0;
};

}  // namespace shoal
