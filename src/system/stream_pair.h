#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "system/network.h"
#include "system/waits.h"

namespace shoal {

/// The two ends of a stream within this process. Each direction holds at most kPairBytes that
/// nobody has read; a write waits for room. Belongs to the event loop of `waits`, which outlives
/// both.
inline constexpr std::size_t kPairBytes = 64 * 1024;
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_stream_pair(Waits& waits);

}  // namespace shoal
