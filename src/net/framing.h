#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "system/network.h"

namespace shoal::net {

/// The next message that is preceded by its length as a varint. None when the stream ends between
/// messages. Throws Error{limit} for more than `max_bytes`, before anything is allocated, and
/// Error{malformed} or {closed}. Memory grows only as bytes arrive.
Task<std::optional<Bytes>> read_message(Stream& stream, std::size_t max_bytes);

/// Writes the length and the message in one piece.
Task<void> write_message(Stream& stream, ByteView message);

}  // namespace shoal::net
