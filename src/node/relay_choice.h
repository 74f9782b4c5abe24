#pragma once

#include <cstddef>
#include <functional>
#include <map>

#include "net/swarm/swarm.h"
#include "protocol/relay/client.h"
#include "system/system.h"

namespace shoal::node {

/// Finds relays for a node that nobody reaches and whose user named none: of the peers that it is
/// connected to, those in the open that offer it. One that fails is replaced by another.
class RelayChoice {
 public:
  /// Relays that are used at a time.
  static constexpr std::size_t kWanted = 2;
  /// One that failed is left alone for so long.
  static constexpr Duration kPause = 10min;
  /// Of those, how many are remembered.
  static constexpr std::size_t kMaxFailed = 64;

  /// Borrows all for its life. Does nothing before start().
  RelayChoice(System& system, net::Swarm& swarm, relay::Client& client);

  /// Addresses of this node of which nobody knows whether they work: they count for nothing.
  void leave_out(std::function<bool(const Multiaddr&)> is_unproven) {
    is_unproven_ = std::move(is_unproven);
  }

  void start();
  /// Identify has told what `peer` offers.
  void identified(const PeerId& peer);

 private:
  bool needs_more() const;
  void consider(const PeerId& peer);
  void dropped(const PeerId& relay);

  System& system_;
  net::Swarm& swarm_;
  relay::Client& client_;
  std::function<bool(const Multiaddr&)> is_unproven_;
  bool started_ = false;
  std::map<PeerId, TimePoint> failed_;
};

}  // namespace shoal::node
