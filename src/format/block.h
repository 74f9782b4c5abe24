#pragma once

#include <cstddef>
#include <functional>

#include "base/bytes.h"
#include "format/cid.h"

namespace shoal {

/// What Bitswap moves in one piece at most; larger blocks are neither made nor read.
inline constexpr std::size_t kMaxBlockBytes = std::size_t{2} << 20;

/// Where builders put the blocks they make, children before parents.
using BlockSink = std::function<void(const Cid& cid, Bytes block)>;

}  // namespace shoal
