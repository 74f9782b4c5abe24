#pragma once

#include <optional>

#include "format/cid.h"
#include "system/clock.h"
#include "system/network.h"
#include "system/task.h"

namespace shoal::service {

/// By which a receiver tells a sharer that it has all of a tree, verified: one binary CID, its
/// length before it as a varint, then the end of its half. The sharer answers by ending its own.
/// Only counted, never trusted.
inline constexpr const char* kDoneProtocol = "/shoal/done/1.0.0";
/// For the whole exchange, on either side.
inline constexpr Duration kDoneTimeout = 10s;

/// Returns when the other side has heard it. The caller bounds the time.
Task<void> write_done(Stream& stream, Cid root);

/// None when the stream ends without a word. Throws Error{limit} for more than a CID takes, and
/// Error{malformed}. The caller bounds the time.
Task<std::optional<Cid>> read_done(Stream& stream);

}  // namespace shoal::service
