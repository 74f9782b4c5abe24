#include "system/event.h"

#include <algorithm>
#include <utility>

namespace shoal {

Task<void> Event::wait() {
  return waits_->wait([this](Waits::Id id) { add(id); });
}

Task<void> Event::wait_uncancellable() {
  return waits_->wait_uncancellable([this](Waits::Id id) { add(id); });
}

void Event::add(Waits::Id id) {
  if (waiting_.size() >= look_at_) drop_cancelled();
  waiting_.push_back(id);
}

void Event::drop_cancelled() {
  std::erase_if(waiting_, [this](Waits::Id id) { return !waits_->has(id); });
  look_at_ = std::max<std::size_t>(8, waiting_.size() * 2);
}

void Event::notify_all() {
  for (const auto id : std::exchange(waiting_, {})) waits_->wake(id);
}

void Event::notify_one() {
  while (!waiting_.empty()) {
    const auto id = waiting_.front();
    waiting_.pop_front();
    if (waits_->wake(id)) return;
  }
}

}  // namespace shoal
