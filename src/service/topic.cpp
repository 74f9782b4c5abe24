#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "protocol/ping/ping.h"
#include "service/topics.h"
#include "system/join.h"
#include "system/timeout.h"

namespace shoal::service {

namespace {
constexpr Duration kDrainCheck = 10ms;
}

Topic::Topic(Topics& owner, std::string name, TopicOptions options)
    : owner_(owner),
      name_(std::move(name)),
      key_(name_, options.subscribe),
      changed_(owner.system_.waits) {
  owner_.pubsub_.set_signature_policy(name_, options.signatures);
  if (options.subscribe) {
    subscription_ = owner_.pubsub_.subscribe(name_, std::move(options.subscription));
  }
  memberships_ = owner_.pubsub_.memberships().add(
      [this](const gossipsub::Membership& change) { membership_changed(change); });
  owner_.acquire(key_);
}

Topic::~Topic() {
  memberships_.end();
  subscription_.reset();
  owner_.release(key_);
}

void Topic::membership_changed(const gossipsub::Membership& change) {
  if (change.topic != name_) return;
  peer_changed_.notify(change.peer, change.joined);
  wake();
}

Task<std::optional<gossipsub::Received>> Topic::next() {
  SHOAL_CHECK(subscription_ != nullptr);
  return subscription_->next();
}

std::optional<gossipsub::Received> Topic::try_next() {
  return subscription_ ? subscription_->try_next() : std::nullopt;
}

Task<void> Topic::wait() {
  return subscription_ ? subscription_->wait() : changed_.wait();
}

void Topic::wake() {
  if (subscription_) subscription_->wake();
  changed_.notify_all();
}

bool Topic::ended() const {
  return owner_.stopped_ || (subscription_ && subscription_->ended());
}

Task<gossipsub::MessageId> Topic::publish(Bytes data) {
  return owner_.pubsub_.publish(name_, std::move(data));
}

Task<gossipsub::MessagePtr> Topic::publish_message(Bytes data) {
  return owner_.pubsub_.publish_message(name_, std::move(data));
}

Task<std::size_t> Topic::confirm() {
  std::size_t confirmed = 0;
  TaskGroup asking(owner_.system_.waits, "confirm");
  for (const PeerId& peer : peers()) asking.spawn(confirm_one(peer, confirmed));
  co_await join_or_stop(asking);
  co_return confirmed;
}

/// Adds one to `confirmed` when it does. What went before on the same connection has arrived when a
/// ping is answered.
Task<void> Topic::confirm_one(PeerId peer, std::size_t& confirmed) {
  Clock& clock = owner_.system_.clock;
  const TimePoint end = clock.now() + kConfirmTime;
  while (!owner_.pubsub_.is_drained(peer)) {
    if (clock.now() >= end) co_return;
    co_await clock.sleep_for(kDrainCheck);
  }
  if (owner_.swarm_.best(peer) == nullptr) co_return;
  ping::Pinger pinger(owner_.system_, owner_.swarm_);
  try {
    co_await until(clock, end, pinger.open(peer), "a peer of the topic to answer");
    co_await pinger.ping(kConfirmTime);
  } catch (const Error& error) {
    // That it does not speak ping is an answer, too.
    if (error.code() != ErrorCode::unsupported) co_return;
  }
  ++confirmed;
}

}  // namespace shoal::service
