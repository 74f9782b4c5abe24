#pragma once

#include <cstdint>

#include "net/resources/fair_queue.h"
#include "protocol/relay/message.h"
#include "system/network.h"
#include "system/system.h"

namespace shoal::relay {

/// A circuit's buffer for each way, while bytes pass.
inline constexpr std::size_t kForwardBufferBytes = 32 * 1024;

/// Copies both ways until both sides have closed; then both streams have ended in order. When one
/// breaks, or `limit` is reached, both are broken off: throws Error{closed}, {limit} or {timeout}.
/// Adds what passes to `bytes` as it goes. Borrows all until it returns.
///
/// `line`, unless null, is what all circuits share.
Task<void> forward(System& system, Stream& one, Stream& other, Limit limit, std::uint64_t& bytes,
                   net::FairQueue* line = nullptr);

}  // namespace shoal::relay
