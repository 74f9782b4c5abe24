#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/kad/dht_server.h"
#include "protocol/kad/dht_table.h"
#include "protocol/kad/finder.h"
#include "protocol/kad/network_size.h"
#include "protocol/kad/publisher.h"
#include "protocol/kad/reprovider.h"
#include "protocol/kad/routing_table.h"
#include "protocol/kad/rpc.h"
#include "protocol/kad/validator.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::kad {

struct DhtOptions {
  std::string protocol = kPublicProtocol;
  /// Answers others, too: for nodes that are reachable and stay.
  bool server = false;
  Scope scope = Scope::internet;
  /// Loopback addresses that other peers tell are dialled: for tests on one machine.
  bool allows_loopback = false;
  /// Whom to ask first. Their addresses are taken as the user's own word: names, private ones.
  std::vector<PeerInfo> bootstrap{};
  Rules rules{};
  /// By scope, when it is not given.
  std::optional<TableLimits> limits{};
};

/// A node's part in one DHT (libp2p specs, kad-dht): fills its routing table from the bootstrap
/// peers and from peers that connect and serve the DHT, keeps it fresh, and asks and announces.
class Dht final : public net::ConnectionObserver {
 public:
  /// How often the table is looked after.
  static constexpr Duration kMaintenanceInterval = 1min;
  /// With fewer peers the bootstrap peers are asked again.
  static constexpr std::size_t kFewPeers = 4;
  static constexpr Duration kFirstRetry = 1s;
  /// So often while the network is so small that each newcomer is one of our closest.
  static constexpr Duration kGrowingInterval = 5s;
  /// A client, whom nobody asks, is a quiet guest: it looks after its table more seldom, with few
  /// requests at once, and keeps so many connections that it only made to ask.
  static constexpr Duration kClientRefresh = 30min;
  static constexpr std::size_t kClientAlpha = 3;
  /// Between two lookups of its upkeep, so that they do not fill a thin line.
  static constexpr Duration kClientPause = 1min;
  static constexpr std::size_t kClientConnections = 10;

  /// Borrows both for its life; stop() must have returned before it is destroyed, and before the
  /// swarm stops. No question may be under way when stop() is called. A server is destroyed after
  /// the swarm has stopped.
  Dht(System& system, net::Swarm& swarm, DhtOptions options);

  void start();
  Task<void> stop();

  /// Returns when there is somebody to ask, or the bootstrap peers did not answer. All questions
  /// wait for it.
  Task<void> wait_until_ready();

  /// As Finder's and Publisher's.
  Task<Closest> find_closest(Bytes wire_key, HopSink sink = {});
  Task<void> find_peer(PeerId peer, PeerSink sink);
  Task<std::size_t> find_providers(Multihash content, PeerSink sink, std::size_t enough);
  /// By the rules of validators(). Also brings the value to those of the closest that lack it, in
  /// the background.
  Task<FoundValue> get_value(Bytes key, std::size_t quorum);
  /// Throws what Validators::validate throws.
  Task<std::size_t> put_value(Bytes key, Bytes value);
  /// Announces `content` now, and in every sweep from now on until withdraw().
  Task<std::size_t> provide(Multihash content);
  void withdraw(const Multihash& content) { reprovider_.remove(content); }
  /// Returns when records that are still being stored are.
  Task<void> settle() { return publisher_.settle(); }

  /// Answers others from now on: of a client that others turn out to reach, after start(). Does
  /// nothing for a server.
  void serve();

  /// Which values this node takes and believes; more namespaces are added before start().
  Validators& validators() { return validators_; }
  /// Null for a client.
  DhtServer* server() { return server_ ? &*server_ : nullptr; }
  /// The table as it is kept over a restart; restored before start().
  Bytes save_peers() const;
  void restore_peers(ByteView saved);

  /// For what is announced again, and to keep it over a restart.
  Reprovider& reprovider() { return reprovider_; }
  RoutingTable& table() { return table_; }
  const RoutingTable& table() const { return table_; }
  const NetworkSize& network_size() const { return network_size_; }
  const RoundTrips& round_trips() const { return round_trips_; }

  /// Identify has told what `peer` speaks.
  void identified(const PeerId& peer);

  void connected(net::Connection& connection) override;
  void disconnected(net::Connection&) override {}

 private:
  Task<void> maintain();
  Task<void> bootstrap();
  Task<void> greet(PeerInfo peer);
  Task<void> refresh(bool few);
  Task<void> try_lost_peers();
  Task<void> try_again(PeerInfo peer);
  Task<std::optional<PeerId>> random_target(std::size_t prefix);
  /// Whether anybody answered.
  Task<bool> look_up(Bytes wire_key);
  Task<void> await_identify(PeerId peer);
  Task<void> sleep_or_wake(Duration duration);
  Task<void> woken(std::size_t seen);
  void become_ready();

  System& system_;
  net::Swarm& swarm_;
  const DhtOptions options_;
  RoutingTable table_;
  DhtTable lookup_table_;
  RoundTrips round_trips_;
  NetworkSize network_size_;
  SwarmRpc rpc_;
  LookupContext context_;
  LookupContext upkeep_context_;
  Finder finder_;
  Finder upkeep_;
  Publisher publisher_;
  Reprovider reprovider_;
  Validators validators_;
  std::optional<DhtServer> server_;
  bool ready_ = false;
  std::size_t size_at_refresh_ = 0;
  std::size_t found_again_at_refresh_ = 0;
  Event became_ready_;
  std::size_t wakes_ = 0;  // peers that came while the table was all but empty
  Event wake_;
  TaskGroup tasks_;
};

}  // namespace shoal::kad
