#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "cli/output.h"
#include "net/path.h"
#include "node/node.h"

namespace shoal::cli {

/// Who relays in a circuit's address; none for others.
std::optional<PeerId> relay_in(const Multiaddr& address);

/// The path that streams to `peer` take now; that of `address` when it is not connected.
std::string_view path_to(node::Node& node, const PeerId& peer, const Multiaddr& address);

/// Tells by which path each peer is reached when that changes, such as from a relay to a direct
/// one.
class PathWatch final : net::ConnectionObserver {
 public:
  /// Borrows both for its life.
  PathWatch(node::Node& node, Output& output);
  ~PathWatch() override;
  PathWatch(const PathWatch&) = delete;
  PathWatch& operator=(const PathWatch&) = delete;

  /// To be called now and then.
  void tick();
  /// What is worth a word beside the number of peers: "relay by 12D3KooW…eBoCouim", "relay" for
  /// more than one, "punched", or "some by relay"; else empty.
  std::string in_a_word() const;

 private:
  void connected(net::Connection&) override { tick(); }
  void disconnected(net::Connection&) override {}
  void tell(const PeerId& peer, std::optional<net::Path> from, net::Path to,
            const std::optional<PeerId>& via);

  node::Node& node_;
  Output& output_;
  std::map<PeerId, net::Path> paths_;
  std::set<PeerId> relays_;  // through which peers are reached
};

}  // namespace shoal::cli
