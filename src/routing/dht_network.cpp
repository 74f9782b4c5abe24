#include "routing/dht_network.h"

#include <utility>

namespace shoal::routing {

namespace {

constexpr const char* kDhtTag = "dht";

}  // namespace

DhtNetwork::DhtNetwork(System& system, net::Swarm& swarm, DhtState state, DhtNetworkOptions options)
    : system_(system),
      swarm_(swarm),
      options_(std::move(options)),
      state_(std::move(state)),
      dht_(system, swarm, options_.dht),
      tasks_(system.waits, "dht network") {}

void DhtNetwork::start() {
  state_.load(dht_);
  dht_.start();
  tasks_.spawn(keep_saving());
  tasks_.spawn(keep_saving_records());
  tasks_.spawn(announce_to_newcomers());
}

Task<void> DhtNetwork::stop() {
  co_await tasks_.stop();
  // To the end, also when whoever stops us is cancelled.
  TaskGroup last(system_.waits, "saving the DHT");
  last.spawn(save());
  co_await last.join_through();
  co_await dht_.stop();
}

Task<void> DhtNetwork::save() {
  co_await state_.save_peers(dht_);
  co_await state_.save_records(dht_);
}

Task<void> DhtNetwork::find_providers(Cid cid, FoundSink sink) {
  const kad::PeerSink found = [&sink](const kad::PeerInfo& provider) {
    sink({.peer = provider.id, .addresses = provider.addresses, .source = Source::dht});
  };
  co_await dht_.find_providers(cid.hash(), found, kEnoughProviders);
}

Task<void> DhtNetwork::find_peer(PeerId peer, FoundSink sink) {
  const kad::PeerSink found = [&sink](const kad::PeerInfo& named) {
    sink({.peer = named.id, .addresses = named.addresses, .source = Source::dht});
  };
  co_await dht_.find_peer(std::move(peer), found);
}

Task<std::size_t> DhtNetwork::provide(Cid cid) {
  if (!options_.announces) co_return 0;
  announced_.insert(cid.hash());
  peers_when_announced_ = dht_.table().size();
  co_return co_await dht_.provide(cid.hash());
}

Task<void> DhtNetwork::announce_to_newcomers() {
  while (true) {
    co_await system_.clock.sleep_for(kNewcomersInterval);
    const std::size_t peers = dht_.table().size();
    if (peers <= peers_when_announced_ || peers_when_announced_ >= kad::kReplication) continue;
    if (announced_.empty() || announced_.size() > kMaxToldToNewcomers) continue;
    peers_when_announced_ = peers;
    const std::set<Multihash> contents = announced_;
    for (const Multihash& content : contents) co_await dht_.provide(content);
  }
}

void DhtNetwork::withdraw(const Cid& cid) {
  announced_.erase(cid.hash());
  dht_.withdraw(cid.hash());
}

/// Soon after a change: a node that is killed comes back by those whom it met.
Task<void> DhtNetwork::keep_saving() {
  while (true) {
    co_await system_.clock.sleep_for(kSavePeers);
    if (dht_.server() != nullptr) tag_closest();
    co_await state_.save_peers(dht_);
  }
}

Task<void> DhtNetwork::keep_saving_records() {
  while (true) {
    co_await system_.clock.sleep_for(kSaveRecords);
    co_await state_.save_records(dht_);
  }
}

void DhtNetwork::tag_closest() {
  std::map<PeerId, int> closest;
  for (const auto& entry : dht_.table().closest(dht_.table().self(), kTagged)) {
    closest.emplace(entry.id, dht_.table().value_of(entry.id));
  }
  for (const auto& [peer, value] : tagged_) {
    if (!closest.contains(peer)) swarm_.manager().untag(peer, kDhtTag);
  }
  for (const auto& [peer, value] : closest) {
    const auto before = tagged_.find(peer);
    if (before == tagged_.end() || before->second != value) {
      swarm_.manager().tag(peer, kDhtTag, value);
    }
  }
  tagged_ = std::move(closest);
}

}  // namespace shoal::routing
