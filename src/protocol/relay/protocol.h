#pragma once

namespace shoal::relay {

inline constexpr const char* kHopProtocol = "/libp2p/circuit/relay/0.2.0/hop";
inline constexpr const char* kStopProtocol = "/libp2p/circuit/relay/0.2.0/stop";

}  // namespace shoal::relay
