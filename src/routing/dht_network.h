#pragma once

#include <map>
#include <set>
#include <string>

#include "net/swarm/swarm.h"
#include "protocol/kad/dht.h"
#include "routing/dht_state.h"
#include "routing/router.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::routing {

struct DhtNetworkOptions {
  /// As in "looking in the DHT"; a literal.
  std::string_view where = "in the DHT";
  kad::DhtOptions dht;
  /// Says what can be had here.
  bool announces = true;
};

/// One DHT as a router: asks it, serves it, and keeps what it learns of it over restarts.
class DhtNetwork final : public Router {
 public:
  /// Providers that one search wants.
  static constexpr std::size_t kEnoughProviders = 20;
  static constexpr Duration kSavePeers = 2s;
  static constexpr Duration kSaveRecords = 10min;
  /// While the network is so small that each newcomer is one of those who keep a record, it is told
  /// of at most so many contents, so often.
  static constexpr Duration kNewcomersInterval = 5s;
  static constexpr std::size_t kMaxToldToNewcomers = 256;
  /// Peers whose connections are kept, rather the nearer ones: those closest to us, who send others
  /// here.
  static constexpr std::size_t kTagged = kad::kReplication;

  /// Borrows the first two for its life; stop() must have returned before it is destroyed.
  DhtNetwork(System& system, net::Swarm& swarm, DhtState state, DhtNetworkOptions options);

  void start();
  Task<void> stop();

  std::string_view where() const override { return options_.where; }
  Task<void> find_providers(Cid cid, FoundSink sink) override;
  Task<void> find_peer(PeerId peer, FoundSink sink) override;
  Task<std::size_t> provide(Cid cid) override;
  void withdraw(const Cid& cid) override;

  Task<void> settle() override { return dht_.settle(); }
  const std::string& protocol() const { return options_.dht.protocol; }
  kad::Dht& dht() { return dht_; }

 private:
  Task<void> save();
  Task<void> keep_saving();
  Task<void> announce_to_newcomers();
  Task<void> keep_saving_records();
  void tag_closest();

  System& system_;
  net::Swarm& swarm_;
  const DhtNetworkOptions options_;
  DhtState state_;
  kad::Dht dht_;
  std::map<PeerId, int> tagged_;  // with the values of their tags
  std::set<Multihash> announced_;
  std::size_t peers_when_announced_ = 0;
  TaskGroup tasks_;
};

}  // namespace shoal::routing
