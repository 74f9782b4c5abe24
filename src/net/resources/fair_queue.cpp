#include "net/resources/fair_queue.h"

#include <algorithm>

namespace shoal::net {

namespace {

/// The first in queue looks again after so long.
constexpr Duration kLook = 10ms;

}  // namespace

/// Stands in queue however its wait ends.
class FairQueue::Waiter {
 public:
  Waiter(FairQueue& queue, Member& member, double amount)
      : queue_(queue), member_(member), start_(std::max(queue_.served_, member_.had_)) {
    member.had_ = start_ + amount;
    rank_ = {start_ + amount, queue_.next_order_++};
    queue_.waiting_.emplace(rank_, this);
  }
  ~Waiter() {
    queue_.waiting_.erase(rank_);
    queue_.wake_first();
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  double start() const { return start_; }
  bool is_first() const { return queue_.waiting_.begin()->second == this; }
  void look_again() { member_.look_again(); }

 private:
  FairQueue& queue_;
  Member& member_;
  const double start_;
  Rank rank_;
};

Task<void> FairQueue::acquire(Member& member, double amount,
                              const std::function<bool()>& must_wait) {
  if (!waiting_.empty() || !has_tokens()) co_await wait_in_queue(member, amount, must_wait);
  if (must_wait()) tokens_ -= amount;
}

Task<void> FairQueue::wait_in_queue(Member& member, double amount,
                                    const std::function<bool()>& must_wait) {
  Waiter waiter(*this, member, amount);
  while (must_wait() && !(waiter.is_first() && has_tokens())) {
    if (waiter.is_first()) {
      co_await member.changed_.wait_for(system_.clock, kLook);
    } else {
      co_await member.changed_.wait();
    }
  }
  served_ = std::max(served_, waiter.start());
}

void FairQueue::release(double amount) {
  tokens_ = std::min(burst_, tokens_ + amount);
}

bool FairQueue::has_tokens() {
  const TimePoint now = system_.clock.now();
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  refilled_ = now;
  return tokens_ > 0;
}

void FairQueue::wake_first() {
  if (!waiting_.empty()) waiting_.begin()->second->look_again();
}

}  // namespace shoal::net
