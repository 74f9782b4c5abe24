#include "protocol/gossipsub/gossipsub.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "format/peer_record.h"
#include "protocol/gossipsub/link.h"
#include "system/offload.h"
#include "system/timeout.h"

namespace shoal::gossipsub {

Gossipsub::Gossipsub(System& system, net::Swarm& swarm, const crypto::PrivateKey& identity,
                     Parameters parameters, std::function<Bytes(const PeerId&)> record_of)
    : system_(system),
      swarm_(swarm),
      identity_(identity),
      router_(std::move(parameters), swarm.local_peer(), system.random, std::move(record_of),
              {.low = system.random.next(), .high = system.random.next()}),
      // Higher than any number of an earlier life of this peer.
      next_seqno_(static_cast<std::uint64_t>(system.clock.wall_now().time_since_epoch().count())),
      verified_(system.waits),
      idle_(system.waits),
      tasks_(system.waits, "gossipsub") {}

Gossipsub::~Gossipsub() = default;

void Gossipsub::start() {
  SHOAL_CHECK(!std::exchange(started_, true));
  for (const char* protocol : kProtocols) {
    swarm_.protocols().add(
        protocol, [this](net::ProtocolStream stream) { return read_from(std::move(stream)); });
  }
  swarm_.add_observer(*this);
  tasks_.spawn(beat());
  for (const net::Connection* connection : swarm_.connections().all()) link_to(connection->peer());
}

Task<void> Gossipsub::stop() {
  stopped_ = true;
  verified_.notify_all();
  if (started_) {
    for (const char* protocol : kProtocols) swarm_.protocols().remove(protocol);
    swarm_.remove_observer(*this);
  }
  for (auto& [name, topic] : topics_) {
    for (Subscription* subscriber : topic.subscribers) subscriber->inbox_.close();
  }
  for (auto& [peer, stream] : inbound_) stream->abort();
  co_await tasks_.stop();
  while (readers_ > 0) co_await idle_.wait_uncancellable();
}

Task<void> Gossipsub::beat() {
  TimePoint next = system_.clock.now() + router_.parameters().first_heartbeat;
  while (true) {
    co_await system_.clock.sleep_until(next);
    const TimePoint now = system_.clock.now();
    router_.heartbeat(now);
    act();
    expect_mesh_traffic();
    next = now + router_.parameters().heartbeat_interval;
  }
}

void Gossipsub::expect_mesh_traffic() {
  for (auto& [peer, link] : links_) {
    const bool expected = router_.overlay().in_any_mesh(peer);
    if (!expected) link->solicited.end();
    if (expected && !link->solicited) link->solicited = swarm_.solicit(peer);
  }
}

void Gossipsub::act() {
  if (std::exchange(acting_, true)) return;
  std::vector<Action> actions = router_.take_actions();
  while (!actions.empty()) {
    for (Action& action : actions) perform(std::move(action));
    actions = router_.take_actions();
  }
  acting_ = false;
  arm_tick();
  for (const Membership& change : router_.take_memberships()) memberships_.notify(change);
}

void Gossipsub::perform(Action action) {
  std::visit(
      Overloaded{
          [this](SendControl& send) { send_control(send.peer, std::move(send.rpc)); },
          [this](SendMessage& send) {
            const auto kind = send.gossip ? Outbox::Kind::gossip : Outbox::Kind::message;
            push(send.peer, kind, send.message->rpc());
          },
          [this](SendPiece& send) { push(send.peer, Outbox::Kind::message, std::move(send.rpc)); },
          [this](Verify& check) { begin_verifying(check); },
          [this](VerifyManifest& check) {
            tasks_.spawn(verify_manifest(check.key, check.manifest));
          },
          [this](Validate& check) { validate(check); },
          [this](Deliver& delivery) { deliver(delivery); },
          [this](Dial& wanted) { dial(std::move(wanted)); },
      },
      action);
}

void Gossipsub::begin_verifying(const Verify& check) {
  verifying_[check.from].push_back({.ticket = check.ticket});
  tasks_.spawn(verify(check.ticket, check.message, check.from));
}

/// Whatever ends first on the pool: messages of one peer go on in the order in which they came.
Task<void> Gossipsub::verify(Ticket ticket, MessagePtr message, PeerId from) {
  const bool valid = co_await offload(system_.offload,
                                      [message] { return has_valid_signature(message->message); });
  const auto of_peer = verifying_.find(from);
  std::deque<Verifying>& queue = of_peer->second;
  std::ranges::find(queue, ticket, &Verifying::ticket)->valid = valid;
  while (!queue.empty() && queue.front().valid) {
    router_.verified(queue.front().ticket, *queue.front().valid, system_.clock.now());
    queue.pop_front();
  }
  if (queue.empty()) verifying_.erase(of_peer);
  verified_.notify_all();
  act();
}

Task<void> Gossipsub::verify_manifest(ManifestKey key, std::shared_ptr<const Manifest> manifest) {
  const bool valid =
      co_await offload(system_.offload, [manifest] { return has_valid_signature(*manifest); });
  router_.manifest_verified(key, valid, system_.clock.now());
  act();
}

/// One wait for each time at which the router has something to do that nothing earlier covers.
void Gossipsub::arm_tick() {
  const auto due = router_.next_due();
  if (!due || stopped_ || (tick_at_ && *tick_at_ <= *due)) return;
  tick_at_ = due;
  tasks_.spawn(tick_later(*due));
}

Task<void> Gossipsub::tick_later(TimePoint due) {
  co_await system_.clock.sleep_until(due);
  if (tick_at_ == due) tick_at_.reset();
  router_.tick(system_.clock.now());
  act();
}

void Gossipsub::validate(const Validate& check) {
  const auto topic = topics_.find(check.message->message.topic);
  Verdict verdict = Verdict::accept;
  const Received received{check.message, check.from};
  if (topic != topics_.end() && topic->second.options.async_validator) {
    tasks_.spawn(validate_async(check.ticket, received));
    return;
  }
  if (topic != topics_.end() && topic->second.options.validator) {
    try {
      verdict = topic->second.options.validator(received);
    } catch (const std::exception& error) {
      log_warning("a validator of {} failed: {}", topic->first, error.what());
      verdict = Verdict::ignore;
    }
  }
  router_.validated(check.ticket, verdict, system_.clock.now());
}

Task<void> Gossipsub::validate_async(Ticket ticket, Received received) {
  Verdict verdict = Verdict::ignore;
  const auto topic = topics_.find(received.message->message.topic);
  if (topic != topics_.end() && topic->second.options.async_validator) {
    // A copy, as the topic may end meanwhile.
    const auto validator = topic->second.options.async_validator;
    try {
      verdict = co_await within(system_.clock, kValidationTimeout, validator(received),
                                "a validator of " + topic->first);
    } catch (const Error& error) {
      log_warning("a validator failed: {}", error.what());
    }
  }
  router_.validated(ticket, verdict, system_.clock.now());
  act();
}

void Gossipsub::deliver(const Deliver& delivery) {
  const auto topic = topics_.find(delivery.message->message.topic);
  if (topic == topics_.end()) return;
  for (Subscription* subscriber : topic->second.subscribers) {
    subscriber->inbox_.push({delivery.message, delivery.from});
  }
}

Task<MessageId> Gossipsub::publish(std::string topic, Bytes data) {
  const MessagePtr message = co_await publish_message(std::move(topic), std::move(data));
  co_return message->id;
}

Task<MessagePtr> Gossipsub::publish_message(std::string topic, Bytes data) {
  if (topic.size() > kMaxTopicBytes) throw Error(ErrorCode::limit, "the topic is too long", topic);
  const Parameters& parameters = router_.parameters();
  if (data.size() > std::min(parameters.max_data_bytes, parameters.max_rpc_bytes)) {
    throw Error(ErrorCode::limit, "the message is too large to publish", topic);
  }
  const bool sign = router_.policy_of(topic) == SignaturePolicy::strict_sign;
  const std::uint64_t seqno = next_seqno_++;
  const bool in_pieces = router_.goes_in_pieces(topic, data.size());
  const auto make = [this, sign, in_pieces, seqno, &topic, &data] {
    Message made = sign ? sign_message(identity_, seqno, topic, std::move(data))
                        : anonymous_message(topic, std::move(data));
    MessageId id = router_.id_of(made);
    MessagePtr stored = store_message(std::move(made), std::move(id));
    if (!in_pieces) return stored;
    auto manifest = std::make_shared<const Manifest>(
        make_manifest(identity_, *stored, router_.parameters().piece_bytes));
    return store_message(stored->message, stored->id, std::move(manifest));
  };
  const MessagePtr message = co_await offload(system_.offload, make);
  if (message->bytes() > parameters.max_rpc_bytes) {
    throw Error(ErrorCode::limit, "the message is too large to publish", topic);
  }
  if (!router_.publish(message, system_.clock.now())) {
    throw Error(ErrorCode::exists, "a message with the same id was published before", topic);
  }
  act();
  co_return message;
}

GossipsubCounts Gossipsub::counts() const {
  GossipsubCounts out = counts_;
  out.router = router_.counts();
  for (const auto& [peer, link] : links_) {
    out.dropped_messages += link->outbox.dropped().messages;
    out.dropped_gossip += link->outbox.dropped().gossip;
  }
  return out;
}

std::vector<PeerId> Gossipsub::peers_of(const std::string& topic) const {
  const Overlay::Topic* known = router_.overlay().find(topic);
  if (known == nullptr) return {};
  return {known->subscribers.begin(), known->subscribers.end()};
}

bool Gossipsub::is_drained(const PeerId& peer) const {
  const auto found = links_.find(peer);
  if (found == links_.end()) return true;
  return found->second->outbox.empty() && !found->second->writing &&
         !router_.pieces().is_owed(peer);
}

void Gossipsub::set_application_score(const PeerId& peer, double score) {
  router_.set_application_score(peer, score);
}

}  // namespace shoal::gossipsub
