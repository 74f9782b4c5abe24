#pragma once

#include <shoal/peers.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/subscription.h"
#include "library/uncaught.h"
#include "node/node.h"

namespace shoal::library {

/// Who is connected to a node, comes and goes, and who may. On the loop only.
class Peers final : net::ConnectionObserver {
 public:
  using Admits = std::function<bool(const std::string& peer_id)>;

  /// Borrows the node, which must have stopped before this is destroyed.
  Peers(node::Node& node, UncaughtPtr uncaught, Admits allow);
  ~Peers() override;
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  /// In the order of their ids.
  std::vector<PeerInfo> all() const;
  Subscribers<const PeerEvent&>& events() { return events_; }

  void deny(const PeerId& peer);
  void allow(const PeerId& peer) { denied_.erase(peer); }

 private:
  void connected(net::Connection& connection) override;
  void disconnected(net::Connection& connection) override;
  PeerInfo describe(const net::Connection& connection) const;
  void tell(PeerEvent::Kind kind, const net::Connection& connection) const;
  bool admits(const PeerId& peer) const;

  node::Node& node_;
  const UncaughtPtr uncaught_;
  const Admits allow_;
  std::set<PeerId> denied_;
  std::map<PeerId, std::size_t> connections_;
  Subscribers<const PeerEvent&> events_;
};

}  // namespace shoal::library
