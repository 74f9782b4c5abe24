#include "net/swarm/dialer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "system/event.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

constexpr Duration kStagger = 250ms;
constexpr Duration kAttemptTimeout = 15s;
// Names are anybody's, and so are the servers that answer for them.
constexpr Duration kResolveTimeout = 5s;

/// Lower is dialled earlier.
int rank(const Multiaddr& address) {
  const auto endpoint = address.tcp_endpoint();
  if (!endpoint) return 3;
  if (endpoint->address.is_loopback()) return 0;
  return endpoint->address.is_private() ? 1 : 2;
}

bool wanted(const HostPort& name, const IpAddress& ip) {
  if (name.kind == AddressCode::dns4) return !ip.is_v6();
  if (name.kind == AddressCode::dns6) return ip.is_v6();
  return true;
}

void add_reason(std::string& reasons, const std::string& reason) {
  reasons += (reasons.empty() ? "" : "; ") + reason;
}

bool is_v6(const Multiaddr& address) {
  const auto endpoint = address.tcp_endpoint();
  return endpoint && endpoint->address.is_v6();
}

}  // namespace

std::vector<Multiaddr> in_dial_order(std::vector<Multiaddr> addresses) {
  std::ranges::stable_sort(addresses, {}, rank);
  std::vector<Multiaddr> out;
  for (auto from = addresses.begin(); from != addresses.end();) {
    const auto same_rank = [&](const Multiaddr& a) { return rank(a) == rank(*from); };
    const auto to = std::find_if_not(from, addresses.end(), same_rank);
    std::vector<Multiaddr> six, four;
    for (; from != to; ++from) (is_v6(*from) ? six : four).push_back(*from);
    for (std::size_t i = 0; i < std::max(six.size(), four.size()); ++i) {
      if (i < six.size()) out.push_back(six[i]);
      if (i < four.size()) out.push_back(four[i]);
    }
  }
  return out;
}

struct Dialer::Race {
  Race(Waits& waits, PeerId wanted)
      : peer(std::move(wanted)), changed(waits), attempts(waits, "dialling " + peer.short_name()) {}

  PeerId peer;
  Event changed;
  std::optional<Link> winner;
  std::string reasons;
  bool all_refused = true;
  std::size_t running = 0;
  TaskGroup attempts;

  /// Returns once fewer than `before` attempts are under way.
  Task<void> one_ended(std::size_t before) {
    while (running >= before) co_await changed.wait();
  }
};

Task<Link> Dialer::dial(PeerId peer, std::vector<Multiaddr> addresses) {
  Race race(system_.waits, peer);
  std::vector<Multiaddr> resolved = co_await resolve(std::move(addresses), race.reasons);
  std::vector<Multiaddr> waiting = in_dial_order(std::move(resolved));
  if (waiting.size() > kMaxAddresses) waiting.resize(kMaxAddresses, waiting.front());
  std::exception_ptr cancelled;
  try {
    for (auto next = waiting.begin();
         !race.winner && (next != waiting.end() || race.running > 0);) {
      if (next == waiting.end() || race.running == kMaxAttemptsAtOnce) {
        co_await race.changed.wait();
        continue;
      }
      ++race.running;
      race.attempts.spawn(attempt(race, *next++));
      if (next == waiting.end()) continue;
      try {
        co_await within(system_.clock, kStagger, race.one_ended(race.running), "stagger");
      } catch (const Error&) {
        // The attempt is still under way: start the next one beside it.
      }
    }
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await race.attempts.stop();
  if (cancelled) std::rethrow_exception(cancelled);
  if (race.winner) co_return std::move(*race.winner);
  // Not NobodyThere: it may still come to us.
  if (race.reasons.empty()) {
    throw Error(ErrorCode::unreachable, "no address known that we can dial", peer.to_string());
  }
  if (race.all_refused) throw NobodyThere(ErrorCode::unreachable, race.reasons, peer.to_string());
  throw Error(ErrorCode::unreachable, race.reasons, peer.to_string());
}

Task<void> Dialer::attempt(Race& race, Multiaddr address) {
  std::string reason;
  try {
    Transport* transport = transport_for(address);
    if (transport == nullptr) throw Error(ErrorCode::unsupported, "no transport for this address");
    Task<Link> dialling = transport->dial(address, race.peer);
    Link link = co_await within(system_.clock, kAttemptTimeout, std::move(dialling), "connecting");
    if (!race.winner) race.winner.emplace(std::move(link));
  } catch (const Error& error) {
    reason = address.to_string() + ": " + error.message();
    const bool refused =
        error.code() == ErrorCode::unreachable || error.code() == ErrorCode::unsupported;
    race.all_refused = race.all_refused && refused;
  } catch (const boost::system::system_error&) {
    reason = address.to_string() + ": cancelled";
  }
  if (!reason.empty()) add_reason(race.reasons, reason);
  --race.running;
  race.changed.notify_all();
}

Task<std::vector<Multiaddr>> Dialer::resolve(std::vector<Multiaddr> addresses,
                                             std::string& reasons) {
  std::vector<Multiaddr> out;
  std::size_t names = 0;
  for (const Multiaddr& address : addresses) {
    const auto name = address.tcp_host();
    if (!name || ++names > kMaxNames) {
      out.push_back(address);
      continue;
    }
    try {
      Task<std::vector<IpAddress>> asking = system_.resolver.addresses(name->host);
      const auto found =
          co_await within(system_.clock, kResolveTimeout, std::move(asking), "resolving");
      for (const IpAddress& ip : found) {
        if (!wanted(*name, ip)) continue;
        out.push_back(Multiaddr::tcp(Endpoint{ip, name->port}));
      }
    } catch (const Error& error) {
      add_reason(reasons, address.to_string() + ": " + error.message());
    }
  }
  co_return out;
}

Transport* Dialer::transport_for(const Multiaddr& address) const {
  for (const auto& transport : transports_) {
    if (transport->handles(address)) return transport.get();
  }
  return nullptr;
}

}  // namespace shoal::net
