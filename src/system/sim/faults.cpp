#include "system/sim/faults.h"

#include <utility>

namespace shoal::sim {

namespace {
constexpr std::uint64_t kFaultStream = 0xfa17;
}

FaultTable::FaultTable(std::uint64_t seed) : random_(seed, kFaultStream) {}

void FaultTable::set(std::string point, double chance) {
  points_[std::move(point)].chance = chance;
}

bool FaultTable::fires(std::string_view point) {
  auto found = points_.find(point);
  if (found == points_.end()) found = points_.emplace(std::string(point), Point{}).first;
  Point& entry = found->second;
  ++entry.asked;
  const bool fired = random_.happens(entry.chance);
  if (fired) ++entry.fired;
  return fired;
}

}  // namespace shoal::sim
