#pragma once

#include <memory>

#include "net/muxer/muxer.h"
#include "net/security/secured.h"
#include "system/system.h"

namespace shoal::net {

inline constexpr const char* kYamuxProtocol = "/yamux/1.0.0";

/// Yamux over a secured stream. `direction` decides the parity of stream ids.
std::unique_ptr<Muxer> make_yamux(System& system, std::unique_ptr<Stream> stream,
                                  Direction direction);

}  // namespace shoal::net
