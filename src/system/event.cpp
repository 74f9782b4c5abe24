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

Task<bool> Event::wait_until(Clock& clock, TimePoint deadline) {
  return clock.wait_until(deadline, [this](Waits::Id id) { add(id); });
}

Task<bool> Event::wait_for(Clock& clock, Duration duration) {
  return wait_until(clock, clock.now() + duration);
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
