#include "net/resources/dial_limiter.h"

#include <algorithm>

namespace shoal::net {

namespace {

/// How often the first in the queue looks for a token.
constexpr Duration kTokenLook = 20ms;

}  // namespace

/// A waiter in the queue, given up however its wait ends.
class DialLimiter::Waiter {
 public:
  Waiter(DialLimiter& limiter, bool urgent)
      : limiter_(limiter),
        queue_(urgent ? limiter.urgent_ : limiter.others_),
        at_(queue_.insert(queue_.end(), this)),
        changed_(limiter.system_.waits) {}
  ~Waiter() {
    queue_.erase(at_);
    limiter_.wake_first();
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool is_first() const { return limiter_.first() == this; }
  void wake() { changed_.notify_all(); }
  Task<void> wait() { return changed_.wait(); }
  Task<bool> wait_for(Duration most) { return changed_.wait_for(limiter_.system_.clock, most); }

 private:
  DialLimiter& limiter_;
  std::list<Waiter*>& queue_;
  const std::list<Waiter*>::iterator at_;
  Event changed_;
};

Task<DialLimiter::Pass> DialLimiter::enter(bool urgent) {
  Waiter waiter(*this, urgent);
  while (!waiter.is_first() || !may_begin()) {
    if (!waiter.is_first() || under_way_ >= most_) {
      co_await waiter.wait();
    } else {
      co_await waiter.wait_for(kTokenLook);
    }
  }
  tokens_ -= 1;
  ++under_way_;
  co_return Pass(*this);
}

const DialLimiter::Waiter* DialLimiter::first() const {
  if (!urgent_.empty()) return urgent_.front();
  return others_.empty() ? nullptr : others_.front();
}

bool DialLimiter::may_begin() {
  const TimePoint now = system_.clock.now();
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(kBurst, tokens_ + seconds * kPerSecond);
  refilled_ = now;
  return under_way_ < most_ && tokens_ >= 1;
}

void DialLimiter::leave() {
  --under_way_;
  wake_first();
}

void DialLimiter::wake_first() {
  if (!urgent_.empty()) {
    urgent_.front()->wake();
  } else if (!others_.empty()) {
    others_.front()->wake();
  }
}

}  // namespace shoal::net
