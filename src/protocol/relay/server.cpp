#include "protocol/relay/server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/framing.h"
#include "protocol/relay/forward.h"
#include "protocol/relay/protocol.h"
#include "protocol/relay/voucher.h"
#include "system/timeout.h"

namespace shoal::relay {

namespace {

constexpr Duration kAnswerTimeout = 10s;
/// For a peer to accept a circuit. Its dialer gives up a little later.
constexpr Duration kStopTimeout = 10s;
/// A message has 4 KiB.
constexpr std::size_t kMaxToldAddresses = 16;
constexpr const char* kTag = "reservation";
constexpr std::int32_t kTagValue = 10;

Task<HopMessage> read_request(Stream& stream) {
  const std::optional<Bytes> bytes = co_await net::read_message(stream, kMaxMessageBytes);
  if (!bytes) throw Error(ErrorCode::malformed, "no request to this relay");
  co_return HopMessage::decode(*bytes);
}

}  // namespace

Server::Server(System& system, net::Swarm& swarm, const crypto::PrivateKey& identity,
               ServerLimits limits)
    : system_(system),
      swarm_(swarm),
      identity_(identity),
      table_(limits),
      line_(system, limits.burst_bytes, limits.bytes_per_second) {
  swarm_.protocols().add(kHopProtocol,
                         [this](net::ProtocolStream stream) { return serve(std::move(stream)); });
  swarm_.add_observer(*this);
}

Server::~Server() {
  swarm_.remove_observer(*this);
}

void Server::disconnected(net::Connection& connection) {
  const PeerId& peer = connection.peer();
  if (direct_connection(peer) != nullptr) return;
  table_.forget(peer);
  swarm_.manager().untag(peer, kTag);
  requests_.erase(peer);
}

Task<void> Server::serve(net::ProtocolStream stream) {
  if (!admit(stream.peer)) throw Error(ErrorCode::limit, "asks this relay too often");
  const HopMessage request = co_await within(system_.clock, kAnswerTimeout,
                                             read_request(*stream.stream), "a relay request");
  if (request.type == HopMessage::Type::reserve) {
    co_await reserve(stream);
  } else if (request.type == HopMessage::Type::connect && request.peer) {
    co_await connect(stream, *request.peer);
  } else {
    const bool is_connect = request.type == HopMessage::Type::connect;
    co_await answer(stream, is_connect ? Status::malformed_message : Status::unexpected_message);
  }
}

/// The whole answer where nothing follows it.
Task<void> Server::answer(net::ProtocolStream& stream, Status status) {
  const HopMessage message{.type = HopMessage::Type::status, .status = status};
  const Bytes bytes = message.encode();
  co_await within(system_.clock, kAnswerTimeout, net::write_message(*stream.stream, bytes),
                  "answering a relay request");
  co_await stream.stream->close_write();
}

Task<void> Server::reserve(net::ProtocolStream& stream) {
  if (!is_direct(stream)) co_return co_await answer(stream, Status::permission_denied);
  const net::Connection* connection = swarm_.find(stream.connection);
  if (connection == nullptr) co_return;
  const auto prefix = net::ip_prefix_of(connection->remote());
  const Status status = table_.reserve(stream.peer, prefix, system_.clock.now());
  if (status != Status::ok) co_return co_await answer(stream, status);
  swarm_.manager().tag(stream.peer, kTag, kTagValue);
  log_debug("{} may be reached through this node", stream.peer.short_name());
  const HopMessage message{.type = HopMessage::Type::status,
                           .reservation = describe(stream.peer),
                           .limit = told_limit(),
                           .status = Status::ok};
  const Bytes bytes = message.encode();
  co_await within(system_.clock, kAnswerTimeout, net::write_message(*stream.stream, bytes),
                  "answering a relay request");
  co_await stream.stream->close_write();
}

Task<void> Server::connect(net::ProtocolStream& stream, PeerId target) {
  if (!is_direct(stream)) co_return co_await answer(stream, Status::permission_denied);
  const Status status = table_.may_connect(stream.peer, target, system_.clock.now());
  if (status != Status::ok) co_return co_await answer(stream, status);
  const Reservations::Circuit place(table_, stream.peer, target);
  std::optional<net::ProtocolStream> called;
  try {
    called.emplace(co_await call(stream.peer, target));
  } catch (const Error& error) {
    log_debug("no circuit to {}: {}", target.short_name(), error.what());
  }
  if (!called) co_return co_await answer(stream, Status::connection_failed);
  const HopMessage message{
      .type = HopMessage::Type::status, .limit = told_limit(), .status = Status::ok};
  const Bytes bytes = message.encode();
  co_await within(system_.clock, kAnswerTimeout, net::write_message(*stream.stream, bytes),
                  "answering a relay request");
  co_await run_circuit(stream, *called);
}

/// A stream to `target`, which has accepted the circuit.
Task<net::ProtocolStream> Server::call(PeerId source, PeerId target) {
  net::Connection* connection = direct_connection(target);
  if (connection == nullptr) throw Error(ErrorCode::closed, "it has gone", target.to_string());
  const std::array<std::string, 1> protocols = {kStopProtocol};
  net::ProtocolStream stream = co_await connection->open(protocols);
  co_await within(system_.clock, kStopTimeout, ask(*stream.stream, std::move(source)),
                  "calling " + target.to_string());
  co_return stream;
}

Task<void> Server::ask(Stream& stream, PeerId source) {
  const StopMessage message{
      .type = StopMessage::Type::connect, .peer = std::move(source), .limit = told_limit()};
  const Bytes bytes = message.encode();
  co_await net::write_message(stream, bytes);
  const std::optional<Bytes> read = co_await net::read_message(stream, kMaxMessageBytes);
  if (!read) throw Error(ErrorCode::closed, "it did not answer");
  const StopMessage reply = StopMessage::decode(*read);
  if (reply.type != StopMessage::Type::status || reply.status != Status::ok) {
    throw Error(ErrorCode::refused, relay::describe(reply.status));
  }
}

/// What users of an unlimited relay send each other is wanted, and read as it comes.
Task<void> Server::run_circuit(net::ProtocolStream& source, net::ProtocolStream& target) {
  net::IngressLimiter::Solicited from_source, from_target;
  if (limits().circuit.unlimited()) {
    from_source = swarm_.solicit(source.peer);
    from_target = swarm_.solicit(target.peer);
  }
  try {
    co_await forward(system_, *source.stream, *target.stream, limits().circuit, bytes_relayed_,
                     limits().circuit.unlimited() ? nullptr : &line_);
  } catch (const Error& error) {
    // No fault of who asked for it.
    log_debug("a circuit to {} ended: {}", target.peer.short_name(), error.what());
  }
}

bool Server::is_direct(const net::ProtocolStream& stream) const {
  const net::Connection* connection = swarm_.find(stream.connection);
  return connection != nullptr && connection->path() != net::Path::relay;
}

net::Connection* Server::direct_connection(const PeerId& peer) const {
  net::Connection* best = swarm_.best(peer);
  return best != nullptr && best->path() != net::Path::relay ? best : nullptr;
}

bool Server::admit(const PeerId& peer) {
  const auto found = requests_.try_emplace(peer, kRequestBurst, kRequestsPerSecond).first;
  return found->second.take(system_.clock.now().time_since_epoch());
}

std::optional<Limit> Server::told_limit() const {
  if (limits().circuit.unlimited()) return std::nullopt;
  return limits().circuit;
}

Reservation Server::describe(const PeerId& peer) const {
  using std::chrono::duration_cast;
  const auto ends = system_.clock.wall_now() + limits().reservation_time;
  const auto seconds = duration_cast<std::chrono::seconds>(ends.time_since_epoch()).count();
  Reservation out{.expires = static_cast<std::uint64_t>(seconds)};
  for (const Multiaddr& address : swarm_.listen_addresses()) {
    if (address.has(AddressCode::p2p_circuit)) continue;
    if (net::path_of(address) == net::Path::loopback) continue;
    if (out.addresses.size() == kMaxToldAddresses) break;
    out.addresses.push_back(address.with_peer(swarm_.local_peer()));
  }
  out.voucher = seal_voucher(identity_, peer, out.expires);
  return out;
}

}  // namespace shoal::relay
