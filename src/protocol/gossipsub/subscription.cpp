#include <algorithm>
#include <utility>

#include "base/error.h"
#include "protocol/gossipsub/link.h"

namespace shoal::gossipsub {

Subscription::Subscription(Gossipsub& owner, std::string topic, InboxLimits limits)
    : owner_(owner), topic_(std::move(topic)), inbox_(owner.system_.waits, limits) {}

Subscription::~Subscription() {
  owner_.unsubscribe(*this);
}

std::unique_ptr<Subscription> Gossipsub::subscribe(const std::string& name,
                                                   SubscribeOptions options) {
  if (name.size() > kMaxTopicBytes) throw Error(ErrorCode::limit, "the topic is too long", name);
  const bool brings_validator = options.validator || options.async_validator;
  if (options.validator && options.async_validator) {
    throw Error(ErrorCode::usage, "a topic has one validator at most", name);
  }
  const auto known = topics_.find(name);
  if (brings_validator && known != topics_.end() && known->second.validating != nullptr) {
    throw Error(ErrorCode::usage, "the topic has a validator", name);
  }
  Topic& topic = topics_[name];
  std::unique_ptr<Subscription> out(new Subscription(*this, name, options.inbox));
  if (stopped_) out->inbox_.close();
  topic.subscribers.push_back(out.get());
  if (brings_validator) {
    topic.options = std::move(options);
    topic.validating = out.get();
  }
  router_.join(name, topic.validating != nullptr, system_.clock.now());
  act();
  return out;
}

void Gossipsub::unsubscribe(const Subscription& subscription) {
  const auto found = topics_.find(subscription.topic_);
  Topic& topic = found->second;
  std::erase(topic.subscribers, &subscription);
  const TimePoint now = system_.clock.now();
  if (topic.subscribers.empty()) {
    topics_.erase(found);
    router_.leave(subscription.topic_, now);
  } else if (topic.validating == &subscription) {
    topic.options = {};
    topic.validating = nullptr;
    router_.join(subscription.topic_, false, now);
  }
  if (!stopped_) act();
}

}  // namespace shoal::gossipsub
