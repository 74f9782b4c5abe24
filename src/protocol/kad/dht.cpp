#include "protocol/kad/dht.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "protocol/kad/saved_peers.h"
#include "system/timeout.h"
#include "system/yield.h"

namespace shoal::kad {

namespace {

constexpr Duration kBootstrapLifetime = 24h;
constexpr Duration kGreetTimeout = 10s;
// When identify's answer is there, after a connection: one round trip, or more where packets are
// lost.
constexpr std::array<Duration, 4> kIdentifyLooks = {200ms, 800ms, 2s, 5s};
// Of ids for one in a prefix, between which others get their turn; 2^16 are enough on average.
constexpr std::size_t kTriesPerStep = 2048;
constexpr int kTrySteps = 32;

TableLimits limits_of(const DhtOptions& options) {
  TableLimits out = options.limits.value_or(TableLimits{});
  if (!options.limits) {
    out.exempt_local = options.scope == Scope::lan || options.allows_loopback;
  }
  if (!options.server) out.refresh_interval = Dht::kClientRefresh;
  return out;
}

Rules upkeep_rules(const DhtOptions& options) {
  Rules out = options.rules;
  if (options.server) return out;
  out.alpha = std::min(out.alpha, Dht::kClientAlpha);
  out.max_in_flight = std::min(out.max_in_flight, 2 * Dht::kClientAlpha);
  return out;
}

ValueRules rules_of(const Validators& validators, const Bytes& key) {
  const auto valid = [&validators](ByteView under, ByteView value) {
    try {
      validators.validate(under, value);
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  const auto better = [&validators, key](ByteView a, ByteView b) {
    const std::array<Bytes, 2> values = {to_bytes(a), to_bytes(b)};
    return validators.select(key, values) == 0;
  };
  return {.valid = valid, .better = better};
}

Message find_self(const PeerId& self) {
  Message out;
  out.type = MessageType::find_node;
  out.key = to_bytes(self.encoded());
  return out;
}

}  // namespace

Dht::Dht(System& system, net::Swarm& swarm, DhtOptions options)
    : system_(system),
      swarm_(swarm),
      options_(std::move(options)),
      table_(Key::of(swarm.local_peer()), limits_of(options_)),
      lookup_table_(table_, swarm, system.clock),
      rpc_(system, swarm, options_.protocol,
           AddressPolicy(options_.scope, options_.allows_loopback)),
      context_{.system = system,
               .rpc = rpc_,
               .table = lookup_table_,
               .round_trips = round_trips_,
               .self = swarm.local_peer(),
               .rules = options_.rules,
               .network_size = &network_size_},
      upkeep_context_{.system = system,
                      .rpc = rpc_,
                      .table = lookup_table_,
                      .round_trips = round_trips_,
                      .self = swarm.local_peer(),
                      .rules = upkeep_rules(options_)},
      finder_(context_),
      upkeep_(upkeep_context_),
      publisher_(context_, [this] { return swarm_.listen_addresses(); }),
      reprovider_(context_, publisher_),
      became_ready_(system.waits),
      wake_(system.waits),
      tasks_(system.waits, "DHT") {
  if (options_.server) {
    server_.emplace(system, swarm, table_, validators_, options_.protocol, options_.scope);
  } else {
    rpc_.keep_connections(kClientConnections);
  }
}

/// Its upkeep stays that of a client: those who ask bring what it knows of them.
void Dht::serve() {
  if (server_) return;
  rpc_.keep_connections(std::nullopt);
  server_.emplace(system_, swarm_, table_, validators_, options_.protocol, options_.scope);
  server_->start();
}

void Dht::start() {
  swarm_.add_observer(*this);
  for (const net::Connection* connection : swarm_.connections().all()) {
    identified(connection->peer());
  }
  tasks_.spawn(maintain());
  reprovider_.start();
  if (server_) server_->start();
}

Task<void> Dht::stop() {
  swarm_.remove_observer(*this);
  if (server_) co_await server_->stop();
  co_await tasks_.stop();
  co_await reprovider_.stop();
  co_await publisher_.stop();
  co_await rpc_.stop();
}

void Dht::become_ready() {
  ready_ = true;
  became_ready_.notify_all();
}

Task<void> Dht::wait_until_ready() {
  while (!ready_) co_await became_ready_.wait();
}

void Dht::connected(net::Connection& connection) {
  tasks_.spawn(await_identify(connection.peer()));
}

Task<void> Dht::await_identify(PeerId peer) {
  for (const Duration pause : kIdentifyLooks) {
    if (swarm_.peers().protocols(peer) != nullptr) break;
    co_await system_.clock.sleep_for(pause);
  }
  identified(peer);
}

void Dht::identified(const PeerId& peer) {
  if (swarm_.peers().protocols(peer) == nullptr) return;
  if (!swarm_.peers().speaks(peer, options_.protocol)) {
    table_.remove(peer, system_.clock.now());
    return;
  }
  lookup_table_.offer(peer);
  if (table_.size() > kFewPeers) return;
  ++wakes_;
  wake_.notify_all();
}

Task<void> Dht::maintain() {
  Duration retry = kFirstRetry;
  while (true) {
    const bool few = table_.size() < kFewPeers;
    const bool growing = table_.size() < kReplication && table_.size() > size_at_refresh_;
    if (few) co_await bootstrap();
    co_await try_lost_peers();
    const bool rejoined = lookup_table_.found_again() > found_again_at_refresh_;
    found_again_at_refresh_ = lookup_table_.found_again();
    co_await refresh(few || growing || rejoined);
    size_at_refresh_ = table_.size();
    become_ready();
    const bool lonely = table_.size() == 0;
    const bool small = table_.size() < kReplication;
    co_await sleep_or_wake(lonely ? retry : small ? kGrowingInterval : kMaintenanceInterval);
    retry = lonely ? std::min(2 * retry, kMaintenanceInterval) : kFirstRetry;
  }
}

Task<void> Dht::sleep_or_wake(Duration duration) {
  try {
    co_await within(system_.clock, duration, woken(wakes_), "a peer of the DHT");
  } catch (const Error&) {
    // Nobody came.
  }
}

Task<void> Dht::woken(std::size_t seen) {
  while (wakes_ == seen) co_await wake_.wait();
}

Task<void> Dht::bootstrap() {
  TaskGroup greetings(system_.waits, "DHT bootstrap");
  for (const PeerInfo& peer : options_.bootstrap) greetings.spawn(greet(peer));
  std::exception_ptr cancelled;
  try {
    co_await greetings.join();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await greetings.stop();
  if (cancelled) std::rethrow_exception(cancelled);
}

Task<void> Dht::greet(PeerInfo peer) {
  if (peer.id == context_.self) co_return;
  for (const Multiaddr& address : peer.addresses) {
    swarm_.peers().add_address(peer.id, address.without_peer(), net::AddressSource::given_by_user,
                               kBootstrapLifetime);
  }
  try {
    std::vector<Message> messages = {find_self(context_.self)};
    const Answer answer = co_await rpc_.ask(peer.id, std::move(messages), kGreetTimeout);
    lookup_table_.answered(peer.id, answer.took);
    // The others take their time.
    if (!answer.message.closer.empty()) become_ready();
  } catch (const Error& error) {
    log_debug("DHT bootstrap peer {}: {}", peer.id.short_name(), error.what());
  }
}

/// What they know of the part of the network that they are in comes with the refresh behind it.
Task<void> Dht::try_lost_peers() {
  for (PeerInfo& peer : lookup_table_.lost().due(system_.clock.now())) {
    co_await try_again(std::move(peer));
  }
}

Task<void> Dht::try_again(PeerInfo peer) {
  rpc_.learn(peer);
  try {
    std::vector<Message> messages = {find_self(context_.self)};
    const Answer answer = co_await rpc_.ask(peer.id, std::move(messages), kGreetTimeout);
    lookup_table_.answered(peer.id, answer.took);
  } catch (const Error& error) {
    log_debug("DHT peer {} is still lost: {}", peer.id.short_name(), error.what());
  }
}

/// Our own neighbourhood first: it is what others find us by, and it names all the other prefixes.
Task<void> Dht::refresh(bool few) {
  const bool due = few || !table_.stale(system_.clock.now()).empty();
  if (table_.size() == 0 || !due) co_return;
  const bool joining = !ready_;
  const bool answered = co_await look_up(to_bytes(context_.self.encoded()));
  if (answered) become_ready();
  for (const std::size_t prefix : table_.stale(system_.clock.now())) {
    if (!server_ && !few && !joining) co_await sleep_or_wake(kClientPause);
    const std::optional<PeerId> target = co_await random_target(prefix);
    if (target) co_await look_up(to_bytes(target->encoded()));
  }
}

Task<std::optional<PeerId>> Dht::random_target(std::size_t prefix) {
  for (int step = 0; step < kTrySteps; ++step) {
    auto target = random_peer_in(table_.self(), prefix, system_.random, kTriesPerStep);
    if (target) co_return target;
    co_await yield_now(system_.waits);
  }
  co_return std::nullopt;
}

Task<bool> Dht::look_up(Bytes wire_key) {
  const Key target = Key::of(wire_key);
  const Closest closest = co_await upkeep_.find_closest(std::move(wire_key));
  table_.looked_up(target, system_.clock.now());
  const std::size_t count = std::min(closest.peers.size(), kReplication);
  network_size_.observe(target, std::span(closest.peers).first(count));
  co_return count > 0;
}

Bytes Dht::save_peers() const {
  std::vector<SavedPeer> peers = peers_to_save(table_);
  for (SavedPeer& peer : peers) peer.addresses = swarm_.peers().addresses(peer.id);
  return encode_saved_peers(peers);
}

void Dht::restore_peers(ByteView saved) {
  const std::vector<SavedPeer> peers = decode_saved_peers(saved);
  for (const SavedPeer& peer : peers) {
    for (const Multiaddr& address : peer.addresses) {
      swarm_.peers().add_address(peer.id, address, net::AddressSource::claimed, kBootstrapLifetime);
    }
  }
  restore(table_, peers, system_.clock.now());
}

Task<Closest> Dht::find_closest(Bytes wire_key, HopSink sink) {
  co_await wait_until_ready();
  co_return co_await finder_.find_closest(std::move(wire_key), std::move(sink));
}

Task<void> Dht::find_peer(PeerId peer, PeerSink sink) {
  co_await wait_until_ready();
  co_await finder_.find_peer(std::move(peer), std::move(sink));
}

Task<std::size_t> Dht::find_providers(Multihash content, PeerSink sink, std::size_t enough) {
  co_await wait_until_ready();
  if (server_) {
    for (const PeerInfo& known : server_->providers().find(Key::of(content), system_.clock.now())) {
      if (known.id != context_.self) sink(known);
    }
  }
  co_return co_await finder_.find_providers(content, std::move(sink), enough);
}

Task<FoundValue> Dht::get_value(Bytes key, std::size_t quorum) {
  co_await wait_until_ready();
  FoundValue found = co_await finder_.get_value(key, rules_of(validators_, key), quorum);
  if (found.value) publisher_.put_value_on(found.outdated, std::move(key), *found.value);
  co_return found;
}

Task<std::size_t> Dht::put_value(Bytes key, Bytes value) {
  validators_.validate(key, value);
  co_await wait_until_ready();
  co_return co_await publisher_.put_value(std::move(key), std::move(value));
}

Task<std::size_t> Dht::provide(Multihash content) {
  reprovider_.add(content);
  if (server_) server_->add_own(content);
  co_await wait_until_ready();
  co_return co_await publisher_.provide(content);
}

}  // namespace shoal::kad
