#pragma once

#include <shoal/tunnel.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "library/loop.h"
#include "library/uncaught.h"
#include "node/node.h"
#include "service/tunnel_connector.h"
#include "service/tunnel_exposer.h"
#include "system/task_group.h"

namespace shoal::library {

/// What a shoal::Tunnel stands for. The node ends it before itself.
struct TunnelCore {
  /// `hand_over` makes a PeerStream of a stream that leads to the peer.
  using HandOver = std::function<PeerStream(net::ProtocolStream)>;

  TunnelCore(std::shared_ptr<Loop> its_loop, node::Node& node, service::TunnelTicket ticket,
             service::TunnelConnector::Callbacks callbacks, HandOver its_hand_over);

  /// Reaches the peer, and listens if `local` says where.
  Task<void> begin(std::string local);
  Task<PeerStream> open();
  /// Returns when it has ended, whoever began that.
  Task<void> end();
  bool ended() const { return connector == nullptr; }

  const std::shared_ptr<Loop> loop;
  const std::string peer_id;
  const std::string name;
  std::string local;

 private:
  Task<void> carry(std::unique_ptr<Stream> stream);
  service::TunnelConnector& live() const;

  const HandOver hand_over;
  std::unique_ptr<service::TunnelConnector> connector;
  bool ending = false;
  Event changed;
  TaskGroup tasks;
};

/// The services that a node exposes.
class Exposed {
 public:
  using Serve = std::function<void(const PeerId&, std::unique_ptr<Stream>)>;

  /// Borrows the node, which ends it before itself.
  Exposed(node::Node& node, UncaughtPtr uncaught);

  /// The ticket. `serve` takes the connections where it is not empty, else they go to `target`.
  std::string add(const std::string& name, const std::string& target, Serve serve,
                  ExposeOptions options);
  void remove(const std::string& name);
  Task<void> stop() { return exposer_.stop(); }

 private:
  void tell(const service::TunnelEvent& event);

  node::Node& node_;
  const UncaughtPtr uncaught_;
  service::TunnelExposer exposer_;
  std::map<std::string, std::function<void(const TunnelEvent&)>> callbacks_;
};

}  // namespace shoal::library
