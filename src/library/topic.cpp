#include <shoal/topic.h>

#include <utility>

#include "library/bridge.h"
#include "library/subscribe.h"
#include "library/topic_core.h"

namespace shoal {

namespace {

using TopicPtr = std::shared_ptr<library::TopicCore>;

Async<std::optional<TopicMessage>> next_of(TopicPtr core) {
  std::optional<TopicMessage> message = co_await library::wait_for(core->loop(), core->next());
  co_return message;
}

Async<void> publish_to(TopicPtr core, Bytes data) {
  co_await library::WaitForTask(core->loop(), core->publish(std::move(data)));
}

Async<void> meet_in(TopicPtr core, std::size_t count) {
  co_await library::WaitForTask(core->loop(), core->met(count));
}

Async<std::size_t> confirm_in(TopicPtr core) {
  const std::size_t peers = co_await library::wait_for(core->loop(), core->confirm());
  co_return peers;
}

void leave(TopicPtr core) noexcept {
  library::Loop& loop = core->loop();
  loop.post([core = std::move(core)] { core->end(); });
}

}  // namespace

Topic::Topic(TopicPtr core) noexcept : core_(std::move(core)) {}

Topic::Topic(Topic&& other) noexcept = default;

Topic& Topic::operator=(Topic&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Topic::~Topic() {
  if (core_) leave(std::move(core_));
}

const std::string& Topic::name() const {
  return core_->name();
}

Async<std::optional<TopicMessage>> Topic::next() {
  return next_of(core_);
}

std::uint64_t Topic::missed() const {
  std::uint64_t out = 0;
  library::call(core_->loop(), [this, &out] { out = core_->live().missed(); });
  return out;
}

Async<void> Topic::publish(std::span<const std::byte> data) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(data.data());
  return publish_to(core_, Bytes(first, first + data.size()));
}

Async<void> Topic::met(std::size_t count) {
  return meet_in(core_, count);
}

Async<std::size_t> Topic::confirm() {
  return confirm_in(core_);
}

std::vector<std::string> Topic::peers() const {
  std::vector<std::string> out;
  library::call(core_->loop(), [this, &out] {
    for (const PeerId& peer : core_->live().peers()) out.push_back(peer.to_string());
  });
  return out;
}

Subscription Topic::on_peer(std::function<void(const std::string&, bool)> callback) {
  const auto add =
      [core = core_.get(),
       tell = library::reporting(core_->uncaught(), "Topic::on_peer", std::move(callback))] {
        core->live();
        return core->peer_changed().add(tell);
      };
  return library::subscribe(core_->shared_loop(), add);
}

}  // namespace shoal
