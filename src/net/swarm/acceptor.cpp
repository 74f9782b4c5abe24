#include "net/swarm/acceptor.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/path.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

constexpr Duration kAcceptPause = 100ms;

/// Global addresses first: a share link holds at most eight of them.
int reach(const Multiaddr& address) {
  const auto ip = address.ip();
  if (!ip || ip->is_loopback()) return 3;
  if (ip->is_link_local()) return 2;
  return ip->is_private() ? 1 : 0;
}

}  // namespace

/// A connection that has not proved who it is yet.
struct Acceptor::Handshake {
  Handshake(Acceptor& its_acceptor, const Multiaddr& remote)
      : acceptor(its_acceptor),
        prefix(ip_prefix_of(remote)),
        begun_at(acceptor.system_.clock.now()),
        place(acceptor.handshakes_.insert(acceptor.handshakes_.end(), this)),
        work(acceptor.system_.waits, "handshake with " + remote.to_string()) {
    if (prefix) ++acceptor.handshakes_from_[*prefix];
  }
  ~Handshake() { leave(); }
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  void leave() {
    if (std::exchange(left, true)) return;
    acceptor.handshakes_.erase(place);
    acceptor.handshake_ended_.notify_all();
    if (!prefix || --acceptor.handshakes_from_[*prefix] > 0) return;
    acceptor.handshakes_from_.erase(*prefix);
  }
  /// Ends it in favour of another.
  void evict() {
    leave();
    work.cancel();
  }

  Acceptor& acceptor;
  const std::optional<IpAddress> prefix;
  const TimePoint begun_at;
  const std::list<Handshake*>::iterator place;
  bool left = false;
  TaskGroup work;
  std::optional<Link> link;
};

Acceptor::Acceptor(System& system, const ConnectionLimits& limits,
                   const ConnectionTable& connections, FailureCounts& failures, Client& client)
    : system_(system),
      limits_(limits),
      connections_(connections),
      failures_(failures),
      client_(client),
      handshake_ended_(system.waits),
      tasks_(system.waits, "acceptor") {}

void Acceptor::listen(Transport& transport, const Multiaddr& address) {
  listeners_.push_back(transport.listen(address));
  tasks_.spawn(accept_from(*listeners_.back()));
}

std::vector<Multiaddr> Acceptor::addresses() const {
  std::vector<Multiaddr> out;
  for (const auto& listener : listeners_) {
    const Multiaddr listened = listener->address();
    if (listened.empty()) continue;
    const auto bound = listened.ip();
    if (!bound || !bound->is_unspecified()) {
      out.push_back(listened);
      continue;
    }
    for (const IpAddress& ip : system_.network.local_addresses()) {
      if (ip.is_link_local()) continue;
      if (auto address = with_ip(listened, ip)) out.push_back(std::move(*address));
    }
  }
  std::ranges::stable_sort(out, {}, reach);
  return out;
}

void Acceptor::penalise(const Connection& connection) {
  // What a relay forwards is not its fault.
  if (connection.direction() != Direction::inbound || connection.path() == Path::relay) return;
  const auto prefix = ip_prefix_of(connection.remote());
  if (prefix) inbound_rates_.penalise(*prefix, system_.clock.now());
}

Task<void> Acceptor::accept_from(TransportListener& listener) {
  while (true) {
    bool failed = false;
    bool no_descriptors = false;
    try {
      std::unique_ptr<Incoming> incoming = co_await listener.accept();
      // Refused before it costs any arithmetic: dropping it closes it.
      if (may_begin(incoming->remote())) {
        co_await make_room_for_handshake(ip_prefix_of(incoming->remote()));
        tasks_.spawn(upgrade(std::move(incoming)));
      } else {
        failures_.add(FailureCounts::Stage::attempt, ErrorCode::limit);
      }
    } catch (const Error& error) {
      log_debug("accept on {}: {}", listener.address().to_string(), error.what());
      failed = true;
      no_descriptors = error.code() == ErrorCode::limit;
    }
    if (no_descriptors) client_.out_of_descriptors();
    if (failed) co_await system_.clock.sleep_for(kAcceptPause);
  }
}

bool Acceptor::may_begin(const Multiaddr& remote) {
  const auto prefix = ip_prefix_of(remote);
  if (prefix && !inbound_rates_.admit(*prefix, system_.clock.now())) return false;
  return connections_.has_inbound_room(remote) ||
         connections_.eviction_candidate(remote) != nullptr;
}

std::size_t Acceptor::handshakes_from(const std::optional<IpAddress>& prefix) const {
  const auto found = prefix ? handshakes_from_.find(*prefix) : handshakes_from_.end();
  return found == handshakes_from_.end() ? 0 : found->second;
}

/// An honest handshake takes a few round trips; the oldest one of who has most is most likely none.
Acceptor::Handshake* Acceptor::eviction_candidate(const std::optional<IpAddress>& prefix) const {
  const bool too_many_of_it = handshakes_from(prefix) >= limits_.handshakes_per_address;
  if (!too_many_of_it && handshakes_.size() < limits_.handshakes) return nullptr;
  std::size_t most = 0;
  for (const auto& [one, count] : handshakes_from_) most = std::max(most, count);
  const auto found = std::ranges::find_if(handshakes_, [&](const Handshake* one) {
    return too_many_of_it ? one->prefix == prefix : handshakes_from(one->prefix) == most;
  });
  return found == handshakes_.end() ? nullptr : *found;
}

/// Where the crowd is of many prefixes they may all be honest, and ending them only makes them come
/// again.
Task<void> Acceptor::make_room_for_handshake(const std::optional<IpAddress>& prefix) {
  while (Handshake* const victim = eviction_candidate(prefix)) {
    const TimePoint old = victim->begun_at + kYoungHandshake;
    if (handshakes_from(victim->prefix) > kFewHandshakes || old <= system_.clock.now()) {
      failures_.add(FailureCounts::Stage::handshake, ErrorCode::limit);
      victim->evict();
      co_return;
    }
    co_await handshake_ended_.wait_until(system_.clock, old);
  }
}

Task<void> Acceptor::upgrade(std::unique_ptr<Incoming> incoming) {
  Handshake handshake(*this, incoming->remote());
  handshake.work.spawn(shake_hands(std::move(incoming), handshake));
  try {
    co_await handshake.work.join();
  } catch (const boost::system::system_error&) {
    // The node stops.
  }
  co_await handshake.work.stop();
  if (!handshake.link || tasks_.stopping()) co_return;
  try {
    client_.adopt_inbound(std::move(*handshake.link));
  } catch (const Error& error) {
    failures_.add(FailureCounts::Stage::handshake, error.code());
    throw;
  }
}

Task<void> Acceptor::shake_hands(std::unique_ptr<Incoming> incoming, Handshake& handshake) {
  const std::string with = "handshake with " + incoming->remote().to_string();
  try {
    Task<Link> upgrading = incoming->upgrade();
    Link link =
        co_await within(system_.clock, limits_.handshake_timeout, std::move(upgrading), with);
    handshake.link.emplace(std::move(link));
  } catch (const Error& error) {
    failures_.add(FailureCounts::Stage::handshake, error.code());
    throw;
  }
}

Task<void> Acceptor::stop() {
  co_await tasks_.stop();
  listeners_.clear();
}

}  // namespace shoal::net
