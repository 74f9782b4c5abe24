#include "net/swarm/dialer.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "net/path.h"
#include "net/swarm/dial_order.h"
#include "system/event.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

constexpr Duration kStagger = 250ms;
constexpr Duration kAttemptTimeout = 15s;

bool is_given(const KnownAddress& known) {
  return known.source == AddressSource::given_by_user;
}

bool is_unverified(const KnownAddress& known) {
  return known.source == AddressSource::claimed || known.source == AddressSource::hearsay;
}

/// Who dials to meet the other side's dials has to be on time, everywhere.
std::size_t attempts_at_once(DialAs as) {
  return as.from_listening_port ? Dialer::kMaxAddresses : Dialer::kMaxAttemptsAtOnce;
}

std::string in_seconds(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

/// The state of one dial.
class Dialer::Race {
 public:
  Race(Waits& waits, PeerId wanted, DialAs how)
      : peer(std::move(wanted)),
        as(how),
        changed(waits),
        tasks(waits, "dialling " + peer.short_name()) {}

  void add_reason(const Multiaddr& address, const std::string& reason) {
    reasons += (reasons.empty() ? "" : "; ") + address.to_string() + ": " + reason;
  }
  bool is_over() const { return winner || (waiting.empty() && attempts == 0 && resolving == 0); }

  const PeerId peer;
  const DialAs as;
  Event changed;
  std::vector<Multiaddr> known;       // before names were resolved
  std::size_t names = 0;              // among them
  std::vector<KnownAddress> waiting;  // in the order to try them
  std::size_t taken = 0;              // addresses that were put there
  std::size_t attempts = 0;
  std::size_t resolving = 0;
  TimePoint next_start{};
  std::optional<Link> winner;
  std::string reasons;
  bool all_refused = true;
  bool was_tried = false;
  TaskGroup tasks;
};

Task<Link> Dialer::dial(PeerId peer, std::vector<KnownAddress> addresses, DialAs as,
                        LateAddresses* late) {
  check_peer_backoff(peer, addresses);
  Race race(system_.waits, peer, as);
  begin(race, std::move(addresses));
  if (late != nullptr) {
    late->take = [this, &race](std::vector<KnownAddress> more) { begin(race, std::move(more)); };
  }
  std::exception_ptr cancelled;
  try {
    co_await run(race);
  } catch (...) {
    cancelled = std::current_exception();
  }
  if (late != nullptr) late->take = {};
  co_await race.tasks.stop();
  if (cancelled) std::rethrow_exception(cancelled);
  if (!race.winner) fail(race);
  peer_backoff_.succeeded(peer);
  co_return std::move(*race.winner);
}

void Dialer::begin(Race& race, std::vector<KnownAddress> addresses) {
  std::vector<KnownAddress> ready;
  for (KnownAddress& known : addresses) {
    if (race.known.size() == PeerStore::kMaxAddressesPerPeer) break;
    if (std::ranges::find(race.known, known.address) != race.known.end()) continue;
    race.known.push_back(known.address);
    if (!AddressResolver::has_name(known.address)) {
      ready.push_back(std::move(known));
    } else if (++race.names <= kMaxNames) {
      ++race.resolving;
      race.tasks.spawn(resolve(race, std::move(known)));
    } else {
      race.add_reason(known.address, "too many names");
    }
  }
  add(race, std::move(ready));
  race.changed.notify_all();
}

void Dialer::add(Race& race, std::vector<KnownAddress> addresses) {
  for (KnownAddress& known : in_dial_order(std::move(addresses))) {
    if (transport_for(known.address) == nullptr) {
      race.add_reason(known.address, "no transport for this address");
      continue;
    }
    const auto wait = backoff_of(known, race.peer);
    if (wait && !is_given(known)) {
      race.add_reason(known.address, "failed before, not tried again for " + in_seconds(*wait));
      race.all_refused = false;
      continue;
    }
    if (race.taken == kMaxAddresses) break;
    ++race.taken;
    race.waiting.push_back(std::move(known));
  }
  race.waiting = in_dial_order(std::move(race.waiting));
}

Task<void> Dialer::run(Race& race) {
  while (!race.is_over()) {
    const TimePoint now = system_.clock.now();
    if (race.waiting.empty() || race.attempts == attempts_at_once(race.as)) {
      co_await race.changed.wait();
    } else if (now < race.next_start) {
      co_await race.changed.wait_until(system_.clock, race.next_start);
    } else {
      KnownAddress next = std::move(race.waiting.front());
      race.waiting.erase(race.waiting.begin());
      ++race.attempts;
      race.was_tried = true;
      race.next_start = race.as.from_listening_port ? now : now + kStagger;
      race.tasks.spawn(attempt(race, std::move(next)));
    }
  }
}

Task<void> Dialer::resolve(Race& race, KnownAddress name) {
  try {
    Task<std::vector<Multiaddr>> asking = resolver_.resolve(name.address, race.peer);
    const auto found =
        co_await within(system_.clock, kResolveTimeout, std::move(asking), "resolving");
    std::vector<KnownAddress> resolved;
    for (const Multiaddr& address : found) resolved.push_back({address, name.source, name.told_by});
    add(race, std::move(resolved));
  } catch (const Error& error) {
    race.add_reason(name.address, error.message());
  } catch (const boost::system::system_error&) {
    // Somebody else has won.
  }
  --race.resolving;
  race.changed.notify_all();
}

Task<void> Dialer::attempt(Race& race, KnownAddress target) {
  try {
    Link link = co_await connect(target, race.peer, race.as);
    address_backoff_.succeeded(place_of(target.address, race.peer));
    if (!race.winner) race.winner.emplace(std::move(link));
  } catch (const Error& error) {
    note_failure(race, target, error);
    race.next_start = system_.clock.now();
  } catch (const boost::system::system_error&) {
    race.add_reason(target.address, "cancelled");
  }
  --race.attempts;
  race.changed.notify_all();
}

Task<Link> Dialer::connect(KnownAddress target, PeerId peer, DialAs as) {
  // A relay is dialled first, which takes a pass of its own: waiting for it with one in hand, many
  // circuits would wait for each other.
  std::optional<DialLimiter::Pass> pass;
  const bool is_circuit = path_of(target.address) == Path::relay;
  if (!is_circuit) pass.emplace(co_await gate_.enter(is_given(target)));
  Transport* transport = transport_for(target.address);
  if (transport == nullptr) throw Error(ErrorCode::unsupported, "no transport for this address");
  Task<Link> dialling = transport->dial(target.address, std::move(peer), as);
  co_return co_await within(system_.clock, kAttemptTimeout, std::move(dialling), "connecting");
}

void Dialer::note_failure(Race& race, const KnownAddress& target, const Error& error) {
  race.add_reason(target.address, error.message());
  const bool refused =
      error.code() == ErrorCode::unreachable || error.code() == ErrorCode::unsupported;
  race.all_refused = race.all_refused && refused;
  // Another peer lives there: that is no reason to leave that one alone.
  const bool is_another = error.code() == ErrorCode::refused;
  const Place place =
      is_another ? Place(target.address, race.peer) : place_of(target.address, race.peer);
  const std::uint32_t failures = address_backoff_.failed(place, system_.clock.now());
  if (is_unverified(target) && (is_another || failures >= kMaxFailures)) {
    peers_.remove_address(race.peer, target.address);
  }
}

std::optional<Duration> Dialer::backoff_of(const KnownAddress& known, const PeerId& peer) const {
  const TimePoint now = system_.clock.now();
  const auto of_place = address_backoff_.remaining(place_of(known.address, peer), now);
  return of_place ? of_place : address_backoff_.remaining(Place(known.address, peer), now);
}

/// Only where nothing better than hearsay is known: others must not keep us from a peer by wrong
/// addresses of it.
void Dialer::check_peer_backoff(const PeerId& peer,
                                const std::vector<KnownAddress>& addresses) const {
  if (!std::ranges::all_of(addresses, is_unverified)) return;
  const auto wait = peer_backoff_.remaining(peer, system_.clock.now());
  if (!wait) return;
  throw Error(ErrorCode::unreachable,
              "could not be reached before, not tried again for " + in_seconds(*wait),
              peer.to_string());
}

void Dialer::fail(const Race& race) {
  if (race.was_tried) peer_backoff_.failed(race.peer, system_.clock.now());
  // Not NobodyThere: it may still come to us.
  if (race.reasons.empty()) {
    throw Error(ErrorCode::unreachable, "no address known that we can dial", race.peer.to_string());
  }
  if (race.all_refused) {
    throw NobodyThere(ErrorCode::unreachable, race.reasons, race.peer.to_string());
  }
  throw Error(ErrorCode::unreachable, race.reasons, race.peer.to_string());
}

/// The same for all peers that claim it, except behind a relay.
Dialer::Place Dialer::place_of(const Multiaddr& address, const PeerId& peer) {
  if (address.has(AddressCode::p2p_circuit)) return {address, peer};
  return {address, std::nullopt};
}

Transport* Dialer::transport_for(const Multiaddr& address) const {
  for (const auto& transport : transports_) {
    if (transport->handles(address)) return transport.get();
  }
  return nullptr;
}

}  // namespace shoal::net
