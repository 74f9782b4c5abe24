#include "protocol/relay/client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/framing.h"
#include "protocol/relay/protocol.h"
#include "protocol/relay/relayed_stream.h"
#include "protocol/relay/transport.h"
#include "system/timeout.h"

namespace shoal::relay {

namespace {

/// A relay gives a peer 10 s to accept a circuit.
constexpr Duration kRequestTimeout = 12s;
constexpr Duration kCallTimeout = 10s;
/// Between tries to get a reservation.
constexpr Duration kFirstPause = 2s;
constexpr Duration kLongestPause = 5min;
/// When a reservation is renewed at the earliest and at the latest, whatever the clocks say.
constexpr Duration kEarliestRenewal = 1min;
constexpr Duration kLatestRenewal = 1h;
constexpr const char* kReason = "relay";

Multiaddr through(const Multiaddr& address, const PeerId& relay) {
  return address.with_peer(relay).encapsulate(circuit_listen_address());
}

}  // namespace

Client::Client(System& system, net::Swarm& swarm)
    : system_(system), swarm_(swarm), arrived_(system.waits), tasks_(system.waits, "relay client") {
  swarm_.protocols().add(kStopProtocol, [this](net::ProtocolStream stream) {
    return take_circuit(std::move(stream));
  });
  swarm_.add_observer(*this);
}

Client::~Client() {
  swarm_.remove_observer(*this);
}

void Client::keep(PeerId relay, Choice choice) {
  if (relays_.contains(relay)) return;
  if (relays_.size() == kMaxRelays) throw Error(ErrorCode::limit, "more than 8 relays");
  relays_.emplace(relay, std::make_unique<Relay>(system_.waits, choice));
  swarm_.manager().protect(relay, kReason);
  tasks_.spawn(keep_reserved(std::move(relay)));
}

/// Circuits that nobody accepted would keep the connections to their relays.
Task<void> Client::stop() {
  co_await tasks_.stop();
  waiting_.clear();
}

bool Client::is_reserved_at(const PeerId& relay) const {
  const auto found = relays_.find(relay);
  return found != relays_.end() && !found->second->addresses.empty();
}

bool Client::is_given(const PeerId& relay) const {
  const auto found = relays_.find(relay);
  return found != relays_.end() && found->second->choice == Choice::given;
}

void Client::disconnected(net::Connection& connection) {
  const auto found = relays_.find(connection.peer());
  if (found == relays_.end() || swarm_.best(connection.peer()) != nullptr) return;
  set_addresses(connection.peer(), {});
  found->second->lost.notify_all();
}

Task<void> Client::keep_reserved(PeerId id) {
  Relay& relay = *relays_.at(id);
  Duration pause = kFirstPause;
  while (true) {
    Duration next = pause;
    try {
      next = co_await reserve(id);
      pause = kFirstPause;
    } catch (const Error& error) {
      set_addresses(id, {});
      if (relay.choice == Choice::chosen) co_return drop(id);
      note_refusal(id, error.message());
      pause = std::min(2 * pause, kLongestPause);
    }
    const bool lost = co_await relay.lost.wait_for(system_.clock, next);
    // Not at once, or a relay that sends us away would be called again and again.
    if (lost) co_await system_.clock.sleep_for(kFirstPause);
  }
}

/// From the port that we listen on, so that the relay, and who asks it, sees where a NAT on the way
/// lets others in.
Task<void> Client::reach(PeerId id) {
  const net::Connection* best = swarm_.best(id);
  if (best != nullptr && best->path() != net::Path::relay) co_return;
  std::vector<Multiaddr> addresses = swarm_.peers().addresses(id);
  std::erase_if(addresses,
                [](const Multiaddr& address) { return net::path_of(address) == net::Path::relay; });
  if (addresses.empty()) co_return;
  try {
    co_await swarm_.dial(id,
                         {.addresses = std::move(addresses), .as = {.from_listening_port = true}});
  } catch (const Error& error) {
    // The port may have had a connection there a moment ago; another port does for now.
    log_debug("cannot connect to {} from our port: {}", id.short_name(), error.what());
  }
}

/// Returns when to renew it.
Task<Duration> Client::reserve(PeerId id) {
  co_await reach(id);
  net::ProtocolStream stream = co_await swarm_.open(id, {kHopProtocol}, {.direct_only = true});
  const HopMessage reply = co_await within(
      system_.clock, kRequestTimeout, request(*stream.stream, {.type = HopMessage::Type::reserve}),
      "a reservation");
  if (reply.status != Status::ok || !reply.reservation) {
    throw Error(ErrorCode::refused, describe(reply.status), id.to_string());
  }
  const net::Connection* connection = swarm_.find(stream.connection);
  if (connection == nullptr) throw Error(ErrorCode::closed, "the relay has gone", id.to_string());
  relays_.at(id)->told_refusal = false;
  set_addresses(id, circuit_addresses(*connection, *reply.reservation));
  co_return renewal_in(*reply.reservation);
}

Task<HopMessage> Client::request(Stream& stream, HopMessage message) {
  const Bytes bytes = message.encode();
  co_await net::write_message(stream, bytes);
  const std::optional<Bytes> read = co_await net::read_message(stream, kMaxMessageBytes);
  if (!read) throw Error(ErrorCode::closed, "the relay did not answer");
  HopMessage reply = HopMessage::decode(*read);
  if (reply.type == HopMessage::Type::status) co_return reply;
  throw Error(ErrorCode::malformed, "the relay's answer makes no sense");
}

void Client::set_addresses(const PeerId& id, std::vector<Multiaddr> addresses) {
  Relay& relay = *relays_.at(id);
  if (relay.addresses == addresses) return;
  for (const Multiaddr& address : relay.addresses) swarm_.withdraw(address);
  relay.addresses = std::move(addresses);
  for (const Multiaddr& address : relay.addresses) swarm_.announce(address);
  if (changed_) changed_();
}

void Client::drop(const PeerId& id) {
  log_info("no longer reached through {}", id.short_name());
  swarm_.manager().unprotect(id, kReason);
  relays_.erase(id);
  if (dropped_) dropped_(id);
}

void Client::note_refusal(const PeerId& id, const std::string& reason) {
  log_info("no reservation at {}: {}", id.to_string(), reason);
  if (std::exchange(relays_.at(id)->told_refusal, true) || !refused_) return;
  refused_(id, reason);
}

/// First the address that certainly leads there, for it led us there.
std::vector<Multiaddr> Client::circuit_addresses(const net::Connection& connection,
                                                 const Reservation& reservation) const {
  const PeerId& relay = connection.peer();
  std::vector<Multiaddr> out;
  if (connection.direction() == net::Direction::outbound) {
    out.push_back(through(connection.remote(), relay));
  }
  for (const Multiaddr& address : reservation.addresses) {
    if (out.size() == kMaxAddresses) break;
    if (address.peer() != relay || address.has(AddressCode::p2p_circuit)) continue;
    const bool is_of_use = out.empty() || net::path_of(address) == net::Path::direct;
    Multiaddr circuit = through(address, relay);
    if (is_of_use && std::ranges::find(out, circuit) == out.end()) {
      out.push_back(std::move(circuit));
    }
  }
  // Whoever knows the relay can still use that.
  if (out.empty()) out.push_back(through({}, relay));
  return out;
}

Duration Client::renewal_in(const Reservation& reservation) const {
  using std::chrono::seconds;
  const auto now = std::chrono::duration_cast<seconds>(system_.clock.wall_now().time_since_epoch());
  const auto left = static_cast<double>(reservation.expires) - static_cast<double>(now.count());
  const double latest = std::chrono::duration<double>(kLatestRenewal).count();
  const auto wanted = seconds(static_cast<std::int64_t>(std::clamp(left * 0.75, 0.0, latest)));
  return std::max<Duration>(wanted, kEarliestRenewal);
}

Task<Circuit> Client::connect(PeerId relay, PeerId target) {
  co_await reach(relay);
  net::ProtocolStream stream = co_await swarm_.open(relay, {kHopProtocol}, {.direct_only = true});
  HopMessage message{.type = HopMessage::Type::connect, .peer = target};
  const HopMessage reply =
      co_await within(system_.clock, kRequestTimeout, request(*stream.stream, std::move(message)),
                      "asking a relay");
  if (reply.status != Status::ok) {
    throw Error(ErrorCode::unreachable, describe(reply.status), relay.to_string());
  }
  const net::Connection* connection = swarm_.find(stream.connection);
  if (connection == nullptr) throw Error(ErrorCode::closed, "the relay has gone");
  co_return Circuit{
      .stream = std::make_unique<RelayedStream>(std::move(stream.stream), swarm_.solicit(relay)),
      .peer = std::move(target),
      .local = connection->local(),
      .remote = through(connection->remote(), relay),
      .limited = reply.limit && !reply.limit->unlimited()};
}

Task<Circuit> Client::accept() {
  while (waiting_.empty()) co_await arrived_.wait();
  Circuit out = std::move(waiting_.front());
  waiting_.pop_front();
  co_return out;
}

/// Only a relay that we reserved at may bring circuits.
Task<void> Client::take_circuit(net::ProtocolStream stream) {
  const StopMessage call =
      co_await within(system_.clock, kCallTimeout, read_call(*stream.stream), "a call by a relay");
  const net::Connection* connection = swarm_.find(stream.connection);
  if (connection == nullptr) co_return;
  const bool is_call = call.type == StopMessage::Type::connect && call.peer;
  const bool welcome = is_reserved_at(stream.peer) && connection->path() != net::Path::relay;
  const bool has_room = waiting_.size() < kMaxWaiting && !tasks_.stopping();
  if (!is_call || !welcome || !has_room) {
    const Status why = !is_call   ? Status::unexpected_message
                       : !welcome ? Status::permission_denied
                                  : Status::resource_limit_exceeded;
    co_return co_await answer_call(*stream.stream, why);
  }
  Circuit circuit{.stream = nullptr,
                  .peer = *call.peer,
                  .local = connection->local(),
                  .remote = through(connection->remote(), stream.peer),
                  .limited = call.limit && !call.limit->unlimited()};
  co_await answer_call(*stream.stream, Status::ok);
  if (tasks_.stopping()) co_return;
  // What a relay brings that this node has found by itself is not read beyond the usual rate.
  net::IngressLimiter::Solicited expected;
  if (is_given(stream.peer)) expected = swarm_.solicit(stream.peer);
  circuit.stream = std::make_unique<RelayedStream>(std::move(stream.stream), std::move(expected));
  waiting_.push_back(std::move(circuit));
  arrived_.notify_all();
}

Task<StopMessage> Client::read_call(Stream& stream) {
  const std::optional<Bytes> bytes = co_await net::read_message(stream, kMaxMessageBytes);
  if (!bytes) throw Error(ErrorCode::malformed, "the stream of a circuit ended before its request");
  co_return StopMessage::decode(*bytes);
}

Task<void> Client::answer_call(Stream& stream, Status status) {
  const StopMessage message{.type = StopMessage::Type::status, .status = status};
  const Bytes bytes = message.encode();
  co_await within(system_.clock, kCallTimeout, net::write_message(stream, bytes),
                  "answering a relay");
}

}  // namespace shoal::relay
