#pragma once

#include <cstddef>

#include "lab/light_net.h"

namespace shoal::lab {

/// The fewest hops in which any lookup of `asker` could ask the closest node to `target` that is
/// up, if it knew at once whom to ask: a breadth-first search through the tables as they are, each
/// of which names its 20 closest. 0 when no way leads there.
std::size_t best_hops(LightNet& net, std::uint32_t asker, const kad::Key& target);

}  // namespace shoal::lab
