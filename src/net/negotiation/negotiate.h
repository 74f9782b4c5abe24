#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "system/network.h"

namespace shoal::net {

/// Coroutines around the multistream-select state machines. They read not a byte beyond the
/// negotiation. The caller bounds the time.

/// Proposes `protocols` in turn; the first that the other side speaks. Throws Error{unsupported}.
Task<std::string> negotiate_as_dialer(Stream& stream, std::span<const std::string> protocols);

/// Answers proposals until one is in `speaks`. Throws Error{unsupported}, {malformed}, {limit}.
Task<std::string> negotiate_as_listener(Stream& stream,
                                        std::function<bool(const std::string&)> speaks);

/// Proposes `protocol` with the first bytes written and checks the answer at the first read, which
/// throws Error{unsupported} when the other side does not speak it.
std::unique_ptr<Stream> negotiate_lazily(std::unique_ptr<Stream> stream, std::string protocol);

}  // namespace shoal::net
