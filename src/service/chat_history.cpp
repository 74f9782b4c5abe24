#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/framing.h"
#include "service/chat.h"
#include "system/offload.h"
#include "system/timeout.h"

// What was said before somebody came: a stream of the room's protocol, on which the one who is
// asked writes the signed messages that it keeps, the oldest first, and closes.

namespace shoal::service {

namespace {

Task<void> write_history(Stream& stream, const std::vector<SharedBytes>& messages) {
  for (const SharedBytes& message : messages) {
    co_await net::write_message(stream, message.view());
  }
  co_await stream.close_write();
}

}  // namespace

Task<void> Chat::answer(net::ProtocolStream stream) {
  std::vector<SharedBytes> messages;
  for (const ChatState::Kept& kept : state_.history()) messages.push_back(kept.message);
  co_await within(system_.clock, kAskTime, write_history(*stream.stream, messages),
                  "who asks what was said before");
}

Task<void> Chat::keep_asking() {
  while (asked_.size() < kMaxAsked) {
    std::optional<PeerId> next;
    for (const PeerId& peer : topic_->peers()) {
      if (!asked_.contains(peer)) next = peer;
    }
    if (!next) {
      co_await met_.wait();
      continue;
    }
    asked_.insert(*next);
    try {
      co_await within(system_.clock, kAskTime, ask(*next), "what was said before");
    } catch (const Error& error) {
      log_debug("history of {}: {}", next->short_name(), error.what());
    }
  }
}

Task<void> Chat::ask(PeerId peer) {
  net::ProtocolStream stream = co_await swarm_.open(std::move(peer), {history_protocol_});
  const net::IngressLimiter::Solicited expected =
      swarm_.expect(stream.peer, ChatState::kHistory * kMaxKeptBytes);
  co_await stream.stream->close_write();
  co_await take_history(*stream.stream);
}

Task<void> Chat::take_history(Stream& stream) {
  for (std::size_t count = 0; count < ChatState::kHistory; ++count) {
    std::optional<Bytes> message = co_await net::read_message(stream, kMaxKeptBytes);
    if (!message) co_return;
    co_await take_kept(std::move(*message));
  }
}

/// Whoever tells of it, its author has signed it.
Task<void> Chat::take_kept(Bytes encoded) {
  const gossipsub::Message message = gossipsub::Message::decode(encoded);
  const bool fits = message.topic == options_.room.topic() && message.data &&
                    gossipsub::follows_policy(message, gossipsub::SignaturePolicy::strict_sign);
  if (!fits) throw Error(ErrorCode::malformed, "chat: a history of something else");
  const bool valid = co_await offload(
      system_.offload, [&message] { return gossipsub::has_valid_signature(message); });
  const PeerId author = PeerId::decode(*message.from);
  std::optional<ChatMessage> said;
  if (valid) said = read(author, *message.data);
  if (!said) throw Error(ErrorCode::malformed, "chat: a history that its authors did not sign");
  if (said->kind != ChatMessage::Kind::say) co_return;
  state_.hear(author, gossipsub::default_message_id(message), *said, SharedBytes(message.encode()),
              true, wall_ms(), system_.clock.now());
  changed_.notify_all();
}

}  // namespace shoal::service
