#pragma once

#include <map>
#include <optional>
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

  /// What is worth a word beside the number of peers: "relay by 12D3KooW…eBoCouim", "relay" for
  /// more than one, "punched", or "some by relay"; else empty.
  std::string in_a_word() const;

 private:
  void connected(net::Connection& connection) override { look_at(connection.peer()); }
  void disconnected(net::Connection& connection) override { look_at(connection.peer()); }
  void look_at(const PeerId& peer);
  /// Who relays for others is no party to what goes on.
  bool only_relays(const PeerId& peer) const;
  void tell(const PeerId& peer, std::optional<net::Path> from, net::Path to,
            const std::optional<PeerId>& via);

  node::Node& node_;
  Output& output_;
  std::map<PeerId, net::Path> paths_;
  std::map<PeerId, PeerId> relays_;  // through whom each peer is reached that needs one
};

}  // namespace shoal::cli
