#pragma once

#include <string_view>

#include "format/multiaddr.h"

namespace shoal::cli {

/// By which way an address is reached: "loopback", "lan", "relay", or "direct" for the rest.
std::string_view path_of(const Multiaddr& address);

}  // namespace shoal::cli
