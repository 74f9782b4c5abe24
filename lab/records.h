#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "format/multihash.h"
#include "lab/light_net.h"

namespace shoal::lab {

/// Content that a node of a LightNet says it has.
struct Record {
  Multihash content;
  std::uint32_t provider;
};

/// `count` records by as many random nodes, announced to the end.
std::vector<Record> provide_some(LightNet& net, std::size_t count);

/// Nodes that are up and keep the record, its provider left out.
std::size_t living_holders(LightNet& net, const Record& record);

/// Of the 20 nodes closest to the record that are up, its provider left out, those that keep it.
std::size_t closest_holders(LightNet& net, const Record& record);

/// Whether the node finds the provider.
bool finds(LightNet& net, std::uint32_t asker, const Record& record);

}  // namespace shoal::lab
