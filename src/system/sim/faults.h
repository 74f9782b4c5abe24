#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "system/faults.h"
#include "system/sim/random.h"

namespace shoal::sim {

/// Which fault points inject in a world, and how often they did.
class FaultTable final : public Faults {
 public:
  struct Point {
    double chance = 0;
    std::uint64_t asked = 0;
    std::uint64_t fired = 0;
  };

  explicit FaultTable(std::uint64_t seed);

  /// From now on `point` fires in `chance` of all passes; 0 never, 1 always.
  void set(std::string point, double chance);
  bool fires(std::string_view point) override;
  /// All points that were set or passed, for reports.
  const std::map<std::string, Point, std::less<>>& points() const { return points_; }

 private:
  SeededRandom random_;
  std::map<std::string, Point, std::less<>> points_;
};

}  // namespace shoal::sim
