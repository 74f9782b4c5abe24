#include "protocol/identify/identify.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "format/key_codec.h"
#include "format/peer_record.h"
#include "net/framing.h"
#include "system/timeout.h"

namespace shoal::identify {

namespace {

constexpr const char* kProtocolVersion = "ipfs/0.1.0";
constexpr Duration kTimeout = 5s;
constexpr Duration kAddressLifetime = 2h;

/// None for one that cannot be read. rust-libp2p, for one, signs with a domain and a type of its
/// own, and what else it says is as good as anybody's.
std::optional<PeerRecord> read_record(const PeerId& peer, ByteView bytes) {
  if (bytes.empty()) return std::nullopt;
  try {
    return open_peer_record(bytes);
  } catch (const Error& error) {
    log_debug("{} shows a record that cannot be read: {}", peer.short_name(), error.what());
    return std::nullopt;
  }
}

/// All messages of one answer, merged.
Task<Message> read_answer(Stream& stream) {
  Message out;
  for (std::size_t count = 0; count < Message::kMaxMessages; ++count) {
    std::optional<Bytes> bytes;
    try {
      bytes = co_await net::read_message(stream, Message::kMaxBytes);
    } catch (const Error& error) {
      // Whoever resets the stream behind its answer has answered.
      if (count == 0 || error.code() != ErrorCode::closed) throw;
    }
    if (!bytes) co_return out;
    out.merge(*bytes);
  }
  co_return out;
}

}  // namespace

Identify::Identify(System& system, net::Swarm& swarm, const crypto::PrivateKey& identity,
                   std::string agent)
    : system_(system),
      swarm_(swarm),
      identity_(identity),
      agent_(std::move(agent)),
      tasks_(system.waits, "identify") {
  swarm_.protocols().add(
      kProtocol, [this](net::ProtocolStream s) { return answer(std::move(s)); },
      net::Replay::harmless);
  swarm_.protocols().add(kPushProtocol,
                         [this](net::ProtocolStream s) { return receive_push(std::move(s)); });
  swarm_.protocols().when_changed([this] { protocols_changed(); });
  swarm_.add_observer(*this);
}

void Identify::when_pushed(std::function<void(const PeerId&)> callback) {
  when_pushed_.push_back(std::move(callback));
}

void Identify::when_identified(std::function<void(const PeerId&)> callback) {
  when_identified_.push_back(std::move(callback));
}

void Identify::connected(net::Connection& connection) {
  tasks_.spawn(ask(connection.id()));
}

void Identify::disconnected(net::Connection& connection) {
  told_.erase(connection.id());
  if (swarm_.best(connection.peer()) != nullptr) return;
  observed_.erase(connection.peer());
  push_budgets_.erase(connection.peer());
  answer_budgets_.erase(connection.peer());
}

Message Identify::describe(const net::Connection* connection) {
  const TimePoint now = system_.clock.now();
  const bool fresh = described_at_ && now - *described_at_ < kDescribedFor &&
                     described_.protocols == swarm_.protocols().names();
  if (!fresh) refresh();
  Message out = described_;
  if (connection != nullptr) {
    out.observed_address = connection->remote().encoded();
    told_[connection->id()] = revision_;
  }
  return out;
}

void Identify::refresh() {
  Message now = describe_afresh();
  if (now != described_) ++revision_;
  described_ = std::move(now);
  described_at_ = system_.clock.now();
}

Message Identify::describe_afresh() {
  Message out;
  out.protocol_version = kProtocolVersion;
  out.agent_version = agent_;
  out.public_key = encode_public_key(identity_.public_key());
  std::vector<Multiaddr> addresses = swarm_.listen_addresses();
  if (addresses.size() > Message::kMaxAddresses / 2) {
    addresses.resize(Message::kMaxAddresses / 2);
  }
  for (const Multiaddr& address : addresses) out.listen_addresses.push_back(address.encoded());
  out.protocols = swarm_.protocols().names();
  out.signed_peer_record = sealed_record(std::move(addresses));
  return out;
}

const Bytes& Identify::sealed_record(std::vector<Multiaddr> addresses) {
  if (!record_.empty() && addresses == recorded_) return record_;
  const auto sequence = system_.clock.wall_now().time_since_epoch().count();
  record_ = seal_peer_record(identity_, static_cast<std::uint64_t>(sequence), addresses);
  recorded_ = std::move(addresses);
  return record_;
}

Task<void> Identify::answer(net::ProtocolStream stream) {
  if (!allowed(answer_budgets_, stream.peer, kAnswerBurst, kAnswerInterval)) {
    throw Error(ErrorCode::limit, "asks too often who we are", stream.peer.to_string());
  }
  const Message message = describe(swarm_.find(stream.connection));
  const Bytes bytes = message.encode();
  co_await within(system_.clock, kTimeout, net::write_message(*stream.stream, bytes), "identify");
  co_await stream.stream->close_write();
}

Task<void> Identify::ask(net::ConnectionId id) {
  net::Connection* connection = swarm_.find(id);
  if (connection == nullptr) co_return;
  const std::array<std::string, 1> protocols = {kProtocol};
  net::ProtocolStream stream = co_await connection->open(protocols);
  // Nothing is to be said, but the proposal of the protocol must go out.
  co_await stream.stream->close_write();
  const Message answer = co_await within(system_.clock, kTimeout, read_answer(*stream.stream),
                                         "identify from " + stream.peer.to_string());
  learn(stream.peer, answer);
  for (const auto& callback : when_identified_) callback(stream.peer);
  // Before, nobody knew whether it could be told of a change.
  const auto told = told_.find(id);
  const bool speaks_push = swarm_.peers().speaks(stream.peer, kPushProtocol);
  if (speaks_push && told != told_.end() && told->second < revision_) tasks_.spawn(push_to(id));
}

Task<void> Identify::receive_push(net::ProtocolStream stream) {
  if (!allowed(push_budgets_, stream.peer, kPushBurst, kPushInterval)) {
    throw Error(ErrorCode::limit, "too many identify pushes", stream.peer.to_string());
  }
  const Message pushed = co_await within(system_.clock, kTimeout, read_answer(*stream.stream),
                                         "identify push from " + stream.peer.to_string());
  learn(stream.peer, pushed);
  for (const auto& callback : when_pushed_) callback(stream.peer);
}

void Identify::learn(const PeerId& peer, const Message& message) {
  // It may have left meanwhile: nobody would forget then what is learned now.
  if (swarm_.connections().of(peer).empty()) return;
  // What a peer says of itself is only taken under its own key.
  if (!message.public_key.empty() && !peer.matches(decode_public_key(message.public_key))) {
    throw Error(ErrorCode::malformed, "identify shows the key of another peer", peer.to_string());
  }
  std::vector<Multiaddr> addresses;
  net::AddressSource source = net::AddressSource::claimed;
  if (const auto record = read_record(peer, message.signed_peer_record)) {
    if (record->id != peer) {
      throw Error(ErrorCode::malformed, "identify shows another peer's record", peer.to_string());
    }
    addresses = record->addresses;
    source = net::AddressSource::signed_record;
  } else {
    for (const Bytes& bytes : message.listen_addresses) {
      try {
        addresses.push_back(Multiaddr::decode(bytes));
      } catch (const Error&) {
        // An address of a kind that we do not know is of no use to us, and no fault.
      }
    }
  }
  net::PeerStore& peers = swarm_.peers();
  if (!message.protocols.empty()) peers.set_protocols(peer, message.protocols);
  if (!message.agent_version.empty()) peers.set_agent(peer, message.agent_version);
  for (const Multiaddr& address : addresses) {
    peers.add_address(peer, address.without_peer(), source, kAddressLifetime);
  }
  if (message.observed_address.empty()) return;
  try {
    observed_.insert_or_assign(peer, Multiaddr::decode(message.observed_address));
  } catch (const Error&) {
    // As above.
  }
}

bool Identify::allowed(Budgets& budgets, const PeerId& peer, double burst, Duration interval) {
  const TimePoint now = system_.clock.now();
  const auto [found, fresh] = budgets.try_emplace(peer, Budget{.left = burst, .at = now});
  Budget& budget = found->second;
  const auto waited = std::chrono::duration<double>(now - budget.at);
  budget.left = std::min(burst, budget.left + waited / std::chrono::duration<double>(interval));
  budget.at = now;
  if (budget.left < 1) return false;
  budget.left -= 1;
  return true;
}

void Identify::protocols_changed() {
  ++revision_;
  if (telling_ || swarm_.connections().all().empty()) return;
  telling_ = true;
  tasks_.spawn(tell_changes());
}

Task<void> Identify::tell_changes() {
  std::uint64_t told = 0;
  while (told < revision_) {
    told = revision_;
    push();
    co_await system_.clock.sleep_for(kPushInterval);
  }
  telling_ = false;
}

void Identify::push() {
  refresh();
  for (const net::Connection* connection : swarm_.connections().all()) {
    const auto told = told_.find(connection->id());
    const bool knows = told != told_.end() && told->second == revision_;
    if (knows || !swarm_.peers().speaks(connection->peer(), kPushProtocol)) continue;
    tasks_.spawn(push_to(connection->id()));
  }
}

Task<void> Identify::push_to(net::ConnectionId id) {
  net::Connection* connection = swarm_.find(id);
  if (connection == nullptr) co_return;
  const Bytes bytes = describe(connection).encode();
  const std::array<std::string, 1> protocols = {kPushProtocol};
  net::ProtocolStream stream = co_await connection->open(protocols);
  co_await within(system_.clock, kTimeout, net::write_message(*stream.stream, bytes),
                  "identify push to " + stream.peer.to_string());
  co_await stream.stream->close_write();
  // Leaving before the peer's answer to our proposal would reset the stream, perhaps before it has
  // read.
  std::array<std::uint8_t, 1> end{};
  co_await within(system_.clock, kTimeout, stream.stream->read_some(end),
                  "identify push to " + stream.peer.to_string());
}

Task<void> Identify::stop() {
  swarm_.protocols().when_changed({});
  swarm_.protocols().remove(kProtocol);
  swarm_.protocols().remove(kPushProtocol);
  swarm_.remove_observer(*this);
  co_await tasks_.stop();
}

}  // namespace shoal::identify
