#include "protocol/dcutr/hole_puncher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/framing.h"
#include "system/timeout.h"

namespace shoal::dcutr {

namespace {

constexpr Duration kMessageTimeout = 10s;
constexpr Duration kPublicDialTime = 3s;
/// Between tries while a peer stays relayed.
constexpr Duration kFirstPause = 1min;
constexpr Duration kLongestPause = 15min;
/// A router may refuse what comes before its own side has dialled: between dials of one round.
constexpr Duration kDialPause = 100ms;

Task<Message> read_one(Stream& stream) {
  const std::optional<Bytes> bytes = co_await net::read_message(stream, Message::kMaxBytes);
  if (!bytes) throw Error(ErrorCode::closed, "the hole punching ended early");
  co_return Message::decode(*bytes);
}

Message::Part other(Message::Part part) {
  return part == Message::Part::open_ports ? Message::Part::guess_ports : Message::Part::open_ports;
}

void check_type(const Message& message, Message::Type wanted) {
  if (message.type == wanted) return;
  throw Error(ErrorCode::malformed, "hole punching messages in the wrong order");
}

}  // namespace

class HolePuncher::Try {
 public:
  Try(HolePuncher& puncher, PeerId peer)
      : state(puncher.system_.waits), puncher_(puncher), peer_(std::move(peer)) {
    puncher_.trying_.emplace(peer_, &state);
  }
  ~Try() { puncher_.trying_.erase(peer_); }
  Try(const Try&) = delete;
  Try& operator=(const Try&) = delete;

  State state;

 private:
  HolePuncher& puncher_;
  const PeerId peer_;
};

HolePuncher::HolePuncher(System& system, net::Swarm& swarm, OwnAddresses own_addresses)
    : system_(system),
      swarm_(swarm),
      own_addresses_(std::move(own_addresses)),
      changed_(system.waits),
      tasks_(system.waits, "hole punching") {
  swarm_.protocols().add(kProtocol,
                         [this](net::ProtocolStream stream) { return answer(std::move(stream)); });
  swarm_.add_observer(*this);
}

HolePuncher::~HolePuncher() {
  swarm_.remove_observer(*this);
}

void HolePuncher::connected(net::Connection& connection) {
  const auto found = trying_.find(connection.peer());
  if (found == trying_.end() || connection.path() == net::Path::relay) return;
  if (found->second->punching && connection.path() == net::Path::direct) connection.note_punched();
  found->second->connected.notify_all();
}

void HolePuncher::identified(const PeerId& peer) {
  const bool wanted = relayed_connection(peer, net::Direction::inbound) != nullptr &&
                      !is_direct(peer) && !is_trying(peer);
  if (!wanted || trying_.size() >= kMaxAtOnce) return;
  tasks_.spawn(make_direct(peer, kFirstPause));
}

Task<void> HolePuncher::make_direct(PeerId peer, Duration pause) {
  if (is_trying(peer) || trying_.size() >= kMaxAtOnce) co_return;
  co_await try_rounds(peer);
  const bool goes_on = relayed_connection(peer, net::Direction::inbound) != nullptr;
  if (!goes_on || is_direct(peer)) co_return;
  // A router may have begun anew, or the peer have moved.
  co_await this->pause(pause);
  if (relayed_connection(peer, net::Direction::inbound) == nullptr || is_direct(peer)) co_return;
  tasks_.spawn(make_direct(std::move(peer), std::min(2 * pause, kLongestPause)));
}

/// Shorter when our addresses change.
Task<void> HolePuncher::pause(Duration most) {
  const TimePoint end = system_.clock.now() + most;
  co_await system_.clock.sleep_for(kLeastPause);
  co_await changed_.wait_until(system_.clock, end);
}

Task<void> HolePuncher::try_rounds(PeerId peer) {
  const Try trying(*this, peer);
  co_await dial_public(peer);
  const bool speaks = swarm_.peers().speaks(peer, kProtocol);
  for (int round = 0; speaks && round < kMaxRounds && !is_direct(peer); ++round) {
    try {
      co_await begin_round(peer, round);
    } catch (const Error& error) {
      log_debug("no direct path to {} yet: {}", peer.short_name(), error.what());
    }
  }
}

/// Where the other side can be reached, that is all it takes.
Task<void> HolePuncher::dial_public(PeerId peer) {
  const std::vector<Multiaddr> known = swarm_.peers().addresses(peer);
  const bool has_public = std::ranges::any_of(
      known, [](const Multiaddr& address) { return net::path_of(address) == net::Path::direct; });
  if (!has_public) co_return;
  Task<net::ConnectionId> dialling = swarm_.dial(peer, {.force_direct = true});
  try {
    co_await within(system_.clock, kPublicDialTime, std::move(dialling), "dialling directly");
  } catch (const Error& error) {
    log_debug("{} is not reached directly: {}", peer.short_name(), error.what());
  }
}

Task<void> HolePuncher::begin_round(PeerId peer, int round) {
  net::Connection* relayed = relayed_connection(peer, net::Direction::inbound);
  if (relayed == nullptr) throw Error(ErrorCode::closed, "the relayed connection ended");
  const std::array<std::string, 1> protocols = {kProtocol};
  net::ProtocolStream stream = co_await relayed->open(protocols);
  const TimePoint asked = system_.clock.now();
  const Message reply = co_await within(system_.clock, kMessageTimeout,
                                        exchange(*stream.stream, own_message()), "hole punching");
  const Duration round_trip = system_.clock.now() - asked;
  check_type(reply, Message::Type::connect);
  const std::optional<Message::Part> part = part_for(reply, round);
  const Message sync{.type = Message::Type::sync, .part = part};
  const Bytes bytes = sync.encode();
  co_await within(system_.clock, kMessageTimeout, net::write_message(*stream.stream, bytes),
                  "hole punching");
  co_await stream.stream->close_write();
  co_await system_.clock.sleep_for(round_trip / 2);
  if (part) {
    co_await guess(peer, reply.addresses, other(*part), net::Direction::inbound);
  } else {
    co_await dial_together(peer, reply.addresses, net::Direction::inbound);
  }
}

/// Only from whom we dialled through a relay.
Task<void> HolePuncher::answer(net::ProtocolStream stream) {
  const net::Connection* connection = swarm_.find(stream.connection);
  if (connection == nullptr) co_return;
  if (connection->path() != net::Path::relay ||
      connection->direction() != net::Direction::outbound) {
    throw Error(ErrorCode::refused, "a hole was to be punched on a direct connection");
  }
  if (is_trying(stream.peer) || trying_.size() >= kMaxAtOnce) {
    throw Error(ErrorCode::refused, "too much hole punching at once");
  }
  auto trying = std::make_unique<Try>(*this, stream.peer);
  const Message call =
      co_await within(system_.clock, kMessageTimeout, read_one(*stream.stream), "hole punching");
  check_type(call, Message::Type::connect);
  const Message sync = co_await within(system_.clock, kMessageTimeout,
                                       exchange(*stream.stream, own_message()), "hole punching");
  check_type(sync, Message::Type::sync);
  // Not here: it must not end with the relayed connection.
  tasks_.spawn(answer_dial(std::move(trying), stream.peer, call.addresses, sync.part));
  co_await stream.stream->close_write();
}

Task<void> HolePuncher::answer_dial(std::unique_ptr<Try> /*trying*/, PeerId peer,
                                    std::vector<Multiaddr> addresses,
                                    std::optional<Message::Part> part) {
  if (part && spray_ != nullptr) {
    co_await guess(std::move(peer), std::move(addresses), *part, net::Direction::outbound);
  } else {
    co_await dial_together(std::move(peer), std::move(addresses), net::Direction::outbound);
  }
}

void HolePuncher::guess_with(Spray& spray, OwnMapping own_mapping) {
  spray_ = &spray;
  own_mapping_ = std::move(own_mapping);
}

/// What the other side is to do in this round; none where both are to dial. The side that opens
/// ports is the one whose NAT takes another for each destination. Who was not seen by two peers
/// does not know: it is tried in turn.
std::optional<Message::Part> HolePuncher::part_for(const Message& reply, int round) const {
  using enum Message::Mapping;
  if (round == 0 || spray_ == nullptr || !reply.mapping) return std::nullopt;
  const Message::Mapping ours = own_mapping_();
  const Message::Mapping theirs = *reply.mapping;
  const bool both_known = ours != unknown && theirs != unknown;
  if (both_known && ours == theirs) return std::nullopt;
  if (ours == one_for_each) return Message::Part::guess_ports;
  if (theirs == one_for_each) return Message::Part::open_ports;
  const bool ours_is_first = ours == unknown && (theirs != unknown || round % 2 == 1);
  return ours_is_first ? Message::Part::guess_ports : Message::Part::open_ports;
}

/// This side's part of a Spray.
Task<void> HolePuncher::guess(PeerId peer, std::vector<Multiaddr> addresses, Message::Part part,
                              net::Direction role) {
  const auto seen = std::ranges::find_if(addresses, [](const Multiaddr& address) {
    const auto tcp = address.tcp_endpoint();
    return tcp && !tcp->address.is_v6() && net::path_of(address) == net::Path::direct;
  });
  if (seen == addresses.end()) throw Error(ErrorCode::unreachable, "it is seen nowhere by TCP");
  const Endpoint endpoint = *seen->tcp_endpoint();
  const Multiaddr target = part == Message::Part::open_ports
                               ? Spray::target_to_open(endpoint)
                               : Spray::target_to_guess(endpoint.address);
  const auto permit = spray_->permit(peer, target);
  if (!permit) throw Error(ErrorCode::limit, "ports were guessed there a moment ago");
  State& state = *trying_.at(peer);
  state.punching = true;
  std::exception_ptr failure;
  try {
    co_await swarm_.dial(peer, {.addresses = {target}, .as = {.role = role}});
  } catch (...) {
    failure = std::current_exception();
  }
  state.punching = false;
  if (failure && !is_direct(peer)) std::rethrow_exception(failure);
}

/// Writes one and reads the next.
Task<Message> HolePuncher::exchange(Stream& stream, Message message) {
  const Bytes bytes = message.encode();
  co_await net::write_message(stream, bytes);
  co_return co_await read_one(stream);
}

/// Either side's dial may be the one that gets through.
Task<void> HolePuncher::dial_together(PeerId peer, std::vector<Multiaddr> addresses,
                                      net::Direction role) {
  if (addresses.empty()) throw Error(ErrorCode::unreachable, "it is seen nowhere");
  State& state = *trying_.at(peer);
  TaskGroup dials(system_.waits, "hole punching");
  state.punching = true;
  // Where the other side's NAT lets anybody in, what we punch from our port meets its listener and
  // not its dial: then both would wait for the other to begin. This one begins.
  if (role == net::Direction::inbound) dials.spawn(dial_until_connected(peer, addresses, {}));
  const net::DialAs punching{.role = role, .from_listening_port = true};
  dials.spawn(dial_until_connected(peer, std::move(addresses), punching));
  std::exception_ptr failure;
  try {
    co_await within(system_.clock, kRoundTime, wait_until_direct(peer, state), "hole punching");
  } catch (...) {
    failure = std::current_exception();
  }
  co_await dials.stop();
  state.punching = false;
  if (failure && !is_direct(peer)) std::rethrow_exception(failure);
}

Task<void> HolePuncher::wait_until_direct(PeerId peer, State& state) {
  while (!is_direct(peer)) co_await state.connected.wait();
}

Task<void> HolePuncher::dial_until_connected(PeerId peer, std::vector<Multiaddr> addresses,
                                             net::DialAs as) {
  while (!is_direct(peer)) {
    try {
      co_await swarm_.dial(peer, {.addresses = addresses, .as = as});
    } catch (const Error& error) {
      log_debug("punching to {}: {}", peer.short_name(), error.what());
    }
    if (!is_direct(peer)) co_await system_.clock.sleep_for(kDialPause);
  }
}

net::Connection* HolePuncher::relayed_connection(const PeerId& peer,
                                                 net::Direction direction) const {
  for (net::Connection* each : swarm_.connections().of(peer)) {
    const bool open = !each->going_away() && each->path() == net::Path::relay;
    if (open && each->direction() == direction) return each;
  }
  return nullptr;
}

bool HolePuncher::is_direct(const PeerId& peer) const {
  const net::Connection* best = swarm_.best(peer);
  return best != nullptr && best->path() != net::Path::relay;
}

Message HolePuncher::own_message() const {
  Message out{.type = Message::Type::connect, .addresses = own_addresses_()};
  if (out.addresses.size() > Message::kMaxAddresses) out.addresses.resize(Message::kMaxAddresses);
  if (spray_ != nullptr) out.mapping = own_mapping_();
  return out;
}

}  // namespace shoal::dcutr
