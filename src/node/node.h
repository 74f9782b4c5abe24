#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/store/block_store.h"
#include "crypto/keys.h"
#include "net/swarm/swarm.h"
#include "node/config.h"
#include "node/home.h"
#include "node/running.h"
#include "node/running_limits.h"
#include "protocol/autonat/reachability.h"
#include "protocol/identify/identify.h"
#include "protocol/portmap/port_mapper.h"
#include "protocol/relay/server.h"
#include "routing/dht_network.h"
#include "routing/routing.h"
#include "service/context.h"
#include "service/done_listener.h"
#include "service/topics.h"
#include "system/system.h"

namespace shoal::node {

/// A whole peer: identity, connections, protocols, content. The only place where parts are wired
/// together; the same on a real System and on a simulated one.
///
/// Construct, start(), use, stop(), destroy.
class Node {
 public:
  /// Takes a place in the home, reads or makes its identity, opens its index. Throws Error{io};
  /// Error{locked} when Home::kMaxNodes run there; Error{usage} for an address that cannot be
  /// connected to or announced. Borrows `system` for its life.
  Node(System& system, Config config);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Listens, and begins to connect to the peers of the config. Throws Error{failed} when an
  /// address cannot be had.
  void start();
  /// Ends every connection and task, and commits the state.
  Task<void> stop();

  System& system();
  const PeerId& id() const;
  const Config& config() const;
  const Home& home() const;
  /// What went out to the network since the start, of any kind and to anybody.
  std::uint64_t bytes_sent() const;
  net::Swarm& swarm();
  identify::Identify& identify();
  content::BlockStore& store();
  content::Bitswap& bitswap();
  service::DoneListener& done_listener();
  routing::Routing& routing();
  /// That the node is in; null for none.
  routing::DhtNetwork* dht();
  service::Topics& topics();
  /// What services of content are made of.
  service::Context context();

  /// Where others can reach this node, each with /p2p/ID, the most reachable first.
  std::vector<Multiaddr> addresses() const;
  /// The port that the home keeps, when another program has it, so that this node listens
  /// elsewhere.
  std::optional<std::uint16_t> port_taken() const;
  /// Other limits than those of the config, from now on; none: as it was.
  void set_limits(const RunningLimits& limits);
  /// Called once for each peer of Config::connect that cannot be connected, and again when it was
  /// connected in between. The node goes on trying.
  void when_unreachable(std::function<void(const PeerId&, const std::string& reason)> callback);
  /// Called when addresses() have changed: a place at a relay was got or lost. One listener.
  void when_addresses_changed(std::function<void()> callback);
  /// A relay of the config has neither given a place nor refused one yet.
  bool awaits_relay() const;
  /// Called when a relay of the config gives no place, once until it has given one.
  void when_relay_refused(std::function<void(const PeerId&, const std::string& reason)> callback);
  /// Where others reach this node, by the word of those who tried.
  const autonat::Reachability& reachability() const;
  /// What the router forwards to this node; null where the config does not ask it to.
  const portmap::PortMapper* port_mapper() const;
  /// What this node does as a relay; null when it is none.
  const relay::Server* relay_server() const;
  /// Lets other processes see what is served here, for as long as the entry lives.
  std::unique_ptr<RunningFile::Entry> tell_served(Running::Served served);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace shoal::node
