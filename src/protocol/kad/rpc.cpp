#include "protocol/kad/rpc.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "net/framing.h"
#include "system/timeout.h"

namespace shoal::kad {

namespace {

/// What came back must be what was asked for.
void check_answer(const Message& request, const Message& answer) {
  if (answer.type != request.type) {
    throw Error(ErrorCode::malformed, "the answer is one to another kind of request");
  }
  if (answer.record && answer.record->key != request.key) {
    throw Error(ErrorCode::malformed, "the record is one of another key");
  }
}

}  // namespace

SwarmRpc::SwarmRpc(System& system, net::Swarm& swarm, std::string protocol, AddressPolicy policy)
    : system_(system),
      swarm_(swarm),
      protocol_(std::move(protocol)),
      policy_(policy),
      tasks_(system.waits, "DHT streams") {}

Task<Answer> SwarmRpc::ask(PeerId peer, std::vector<Message> messages, Duration deadline) {
  SHOAL_CHECK(!messages.empty());
  const std::string what = "the DHT answer of " + peer.to_string();
  Task<Answer> asking = attempt(std::move(peer), std::move(messages));
  co_return co_await within(system_.clock, deadline, std::move(asking), what);
}

Task<Answer> SwarmRpc::attempt(PeerId peer, std::vector<Message> messages) {
  const TimePoint begin = system_.clock.now();
  const Contact contact = connected(peer) ? Contact::connected : Contact::dialled;
  std::optional<Message> message = co_await ask_on_idle(peer, messages);
  if (!message) {
    std::vector<std::string> protocols = {protocol_};
    net::ProtocolStream stream =
        co_await swarm_.open(peer, std::move(protocols), {.replay = net::Replay::harmless});
    message = co_await exchange(stream, messages);
    if (contact == Contact::dialled) opened(stream);
    keep(std::move(stream));
  }
  co_return Answer{std::move(*message), system_.clock.now() - begin, contact};
}

Task<std::optional<Message>> SwarmRpc::ask_on_idle(const PeerId& peer,
                                                   const std::vector<Message>& messages) {
  std::optional<net::ProtocolStream> stream = take_idle(peer);
  if (!stream) co_return std::nullopt;
  std::optional<Message> answer;
  try {
    answer = co_await exchange(*stream, messages);
  } catch (const Error& error) {
    // The other side keeps idle streams for a time of its own.
    if (error.code() != ErrorCode::closed) throw;
  }
  if (answer) keep(std::move(*stream));
  co_return answer;
}

Task<Message> SwarmRpc::exchange(net::ProtocolStream& stream,
                                 const std::vector<Message>& messages) {
  const auto expected = swarm_.expect(stream.peer, Message::kMaxBytes);
  for (const Message& message : messages) {
    const Bytes bytes = message.encode();
    co_await net::write_message(*stream.stream, bytes);
  }
  const auto bytes = co_await net::read_message(*stream.stream, Message::kMaxBytes);
  if (!bytes) throw Error(ErrorCode::closed, "no answer", stream.peer.to_string());
  Message answer = Message::decode(*bytes);
  check_answer(messages.back(), answer);
  co_return answer;
}

std::optional<net::ProtocolStream> SwarmRpc::take_idle(const PeerId& peer) {
  const auto found = idle_.find(peer);
  if (found == idle_.end()) return std::nullopt;
  net::ProtocolStream stream = std::move(found->second.stream);
  idle_.erase(found);
  const net::Connection* connection = swarm_.find(stream.connection);
  if (connection == nullptr || connection->going_away()) return std::nullopt;
  return stream;
}

void SwarmRpc::keep(net::ProtocolStream stream) {
  if (tasks_.stopping()) return;
  if (idle_.size() >= kMaxIdleStreams) {
    idle_.erase(
        std::ranges::min_element(idle_, {}, [](const auto& one) { return one.second.since; }));
  }
  const PeerId peer = stream.peer;
  idle_.insert_or_assign(peer, Idle{std::move(stream), system_.clock.now()});
  if (std::exchange(dropping_idle_, true)) return;
  tasks_.spawn(drop_idle());
}

void SwarmRpc::opened(const net::ProtocolStream& stream) {
  if (!most_kept_) return;
  opened_.push_back(stream.connection);
  while (opened_.size() > *most_kept_) {
    close_if_unused(opened_.front());
    opened_.pop_front();
  }
}

void SwarmRpc::close_if_unused(net::ConnectionId id) {
  net::Connection* const connection = swarm_.find(id);
  if (connection == nullptr) return;
  const PeerId peer = connection->peer();
  const net::ConnectionManager& manager = swarm_.manager();
  if (manager.is_protected(peer) || manager.value(peer) > 0) return;
  if (connection->use().last_transfer || swarm_.best(peer) != connection) return;
  const auto idle = idle_.find(peer);
  const std::size_t ours = idle != idle_.end() && idle->second.stream.connection == id ? 1 : 0;
  if (connection->stream_count() > ours) return;
  if (ours > 0) idle_.erase(idle);
  swarm_.disconnect(peer);
}

Task<void> SwarmRpc::drop_idle() {
  while (!idle_.empty()) {
    co_await system_.clock.sleep_for(kIdleLifetime / 4);
    const TimePoint now = system_.clock.now();
    std::erase_if(idle_,
                  [now](const auto& one) { return now - one.second.since >= kIdleLifetime; });
  }
  dropping_idle_ = false;
}

void SwarmRpc::learn(const PeerInfo& peer) {
  if (peer.id == swarm_.local_peer()) return;
  for (const Multiaddr& address : policy_.allowed(peer.addresses)) {
    swarm_.peers().add_address(peer.id, address.without_peer(), net::AddressSource::hearsay,
                               kAddressLifetime);
  }
}

Task<void> SwarmRpc::stop() {
  co_await tasks_.stop();
  idle_.clear();
}

}  // namespace shoal::kad
