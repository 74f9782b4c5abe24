#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lab/gossip_net.h"

namespace shoal::lab {

/// Of all bytes: ids of simulated peers differ in the middle only, and end alike.
struct HashOfWholeId {
  std::size_t operator()(const PeerId& id) const {
    return std::hash<std::string_view>()(as_text(id.encoded()));
  }
};

/// Of a Sybil only the id and the peers are used.
struct GossipNet::Node {
  Node(PeerId its_id, gossipsub::Parameters parameters, std::uint64_t seed, std::uint64_t index)
      : id(its_id), random(seed, 100 + index), router(std::move(parameters), its_id, random) {}

  const PeerId id;
  bool up = true;
  sim::SeededRandom random;
  gossipsub::Router router;
  std::unordered_map<PeerId, std::uint32_t, HashOfWholeId> peers;  // connected; never iterated
  std::vector<std::uint32_t> order;                                // the same, in order
  std::set<std::size_t> seen;                                      // while it floods
  std::optional<TimePoint> tick_at;
};

}  // namespace shoal::lab
