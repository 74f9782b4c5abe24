#include "lab/best_hops.h"

#include <algorithm>
#include <vector>

namespace shoal::lab {

namespace {

// More than any lookup takes; what is farther is out of reach.
constexpr std::size_t kMostHops = 8;

std::vector<std::uint32_t> named_by(LightNet& net, std::uint32_t index, const kad::Key& target) {
  std::vector<std::uint32_t> out;
  for (const auto& entry : net.node(index).table().closest(target, kad::kReplication)) {
    out.push_back(*net.find(entry.id));
  }
  return out;
}

}  // namespace

std::size_t best_hops(LightNet& net, std::uint32_t asker, const kad::Key& target) {
  std::vector<std::uint32_t> closest = net.closest(target, 2);
  std::erase(closest, asker);
  if (closest.empty()) return 0;
  const std::uint32_t wanted = closest.front();
  std::vector<bool> seen(net.size());
  seen[asker] = true;
  std::vector<std::uint32_t> asked = {asker};
  for (std::size_t hop = 1; hop <= kMostHops; ++hop) {
    std::vector<std::uint32_t> next;
    for (const std::uint32_t one : asked) {
      for (const std::uint32_t named : named_by(net, one, target)) {
        if (!net.up(named) || seen[named]) continue;
        seen[named] = true;
        next.push_back(named);
      }
    }
    if (std::ranges::find(next, wanted) != next.end()) return hop;
    asked = std::move(next);
  }
  return 0;
}

}  // namespace shoal::lab
