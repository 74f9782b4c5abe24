#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <shoal/compiler.h>

namespace shoal {

/// A peer that is connected.
struct PeerInfo {
  std::string peer_id;
  std::string address;                    // of the connection, without /p2p
  std::string agent;                      // empty until it has said
  std::vector<std::string> protocols;     // empty until it has said
  std::chrono::nanoseconds round_trip{};  // 0 until one was measured
};

/// What happens to a peer: it connects, says what it is (each time that it connects anew; not at
/// all when it does not speak identify), and is gone with its last connection.
struct PeerEvent {
  enum class Kind { connected, identified, gone };

  Kind kind = Kind::connected;
  PeerInfo peer;  // at that moment
};

}  // namespace shoal
