#include "library/topic_core.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::library {

namespace {

TopicMessage to_topic_message(const gossipsub::Received& received) {
  const auto author = received.author();
  const auto bytes = std::as_bytes(std::span(received.data()));
  return {.author = author ? author->to_string() : std::string(),
          .sender = received.from.to_string(),
          .id = received.message->id,
          .data = ByteVector(bytes.begin(), bytes.end())};
}

gossipsub::Verdict to_verdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::accept:
      return gossipsub::Verdict::accept;
    case Verdict::reject:
      return gossipsub::Verdict::reject;
    case Verdict::ignore:
      break;
  }
  return gossipsub::Verdict::ignore;
}

service::TopicOptions to_service_options(TopicOptions options) {
  service::TopicOptions out;
  out.subscribe = options.subscribe;
  if (!options.signatures) out.signatures = gossipsub::SignaturePolicy::strict_no_sign;
  out.subscription.inbox = {.messages = options.max_unread_messages,
                            .bytes = options.max_unread_bytes};
  if (options.validator) {
    out.subscription.validator =
        [validator = std::move(options.validator)](const gossipsub::Received& received) {
          return to_verdict(validator(to_topic_message(received)));
        };
  }
  return out;
}

}  // namespace

/// Keeps the topic while a coroutine is within one of its functions.
class TopicCore::Waiting {
 public:
  explicit Waiting(TopicCore& core) : core_(core) { ++core_.waiting_; }
  ~Waiting() {
    if (--core_.waiting_ == 0 && core_.ending_) core_.end();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  TopicCore& core_;
};

TopicCore::TopicCore(std::shared_ptr<Loop> loop, node::Node& node, UncaughtPtr uncaught,
                     std::string name, TopicOptions options)
    : loop_(std::move(loop)), uncaught_(std::move(uncaught)), name_(std::move(name)) {
  if (name_.empty()) throw Error(ErrorCode::usage, "a topic needs a name");
  topic_ = node.topics().open(name_, to_service_options(std::move(options)));
  watching_ = topic_->when_peer([this](const PeerId& peer, bool joined) {
    if (!peer_changed_.empty()) peer_changed_.notify(peer.to_string(), joined);
  });
}

service::Topic& TopicCore::live() const {
  if (ending_) throw Error(ErrorCode::closed, "this topic was left", name_);
  return *topic_;
}

void TopicCore::end() {
  ending_ = true;
  if (!topic_) return;
  watching_.end();
  topic_->wake();
  if (waiting_ == 0) topic_.reset();
}

Task<std::optional<TopicMessage>> TopicCore::next() {
  const Waiting waiting(*this);
  while (!ending_ && !topic_->ended()) {
    if (const auto received = topic_->try_next()) co_return to_topic_message(*received);
    co_await topic_->wait();
  }
  co_return std::nullopt;
}

Task<void> TopicCore::publish(Bytes data) {
  const Waiting waiting(*this);
  co_await live().publish(std::move(data));
}

Task<void> TopicCore::met(std::size_t count) {
  const Waiting waiting(*this);
  while (live().peers().size() < count) {
    if (topic_->ended()) throw Error(ErrorCode::closed, "this node has stopped");
    co_await topic_->wait();
  }
}

Task<std::size_t> TopicCore::confirm() {
  const Waiting waiting(*this);
  const std::size_t peers = co_await live().confirm();
  co_return peers;
}

}  // namespace shoal::library
