#include "net/swarm/dial_gate.h"

#include <algorithm>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

/// How often the first in line looks for a token.
constexpr Duration kTokenLook = 20ms;

}  // namespace

/// A place in line, given up however its wait ends.
class DialGate::Place {
 public:
  Place(DialGate& gate, bool urgent)
      : gate_(gate),
        line_(urgent ? gate.urgent_ : gate.others_),
        at_(line_.insert(line_.end(), this)),
        changed_(gate.system_.waits) {}
  ~Place() {
    line_.erase(at_);
    gate_.wake_first();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  bool is_first() const { return gate_.first() == this; }
  void wake() { changed_.notify_all(); }
  Task<void> wait() { return changed_.wait(); }

 private:
  DialGate& gate_;
  std::list<Place*>& line_;
  const std::list<Place*>::iterator at_;
  Event changed_;
};

Task<DialGate::Pass> DialGate::enter(bool urgent) {
  Place place(*this, urgent);
  while (!place.is_first() || !may_begin()) {
    if (!place.is_first() || under_way_ >= most_) {
      co_await place.wait();
      continue;
    }
    try {
      co_await within(system_.clock, kTokenLook, place.wait(), "dialling");
    } catch (const Error&) {
      // Time to look again.
    }
  }
  tokens_ -= 1;
  ++under_way_;
  co_return Pass(*this);
}

const DialGate::Place* DialGate::first() const {
  if (!urgent_.empty()) return urgent_.front();
  return others_.empty() ? nullptr : others_.front();
}

bool DialGate::may_begin() {
  const TimePoint now = system_.clock.now();
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(kBurst, tokens_ + seconds * kPerSecond);
  refilled_ = now;
  return under_way_ < most_ && tokens_ >= 1;
}

void DialGate::leave() {
  --under_way_;
  wake_first();
}

void DialGate::wake_first() {
  if (!urgent_.empty()) {
    urgent_.front()->wake();
  } else if (!others_.empty()) {
    others_.front()->wake();
  }
}

}  // namespace shoal::net
