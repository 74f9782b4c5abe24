#include "net/fair_line.h"

#include <algorithm>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

/// The first in line looks again after so long.
constexpr Duration kLook = 10ms;

}  // namespace

/// Stands in line however its wait ends.
class FairLine::Place {
 public:
  Place(FairLine& line, Member& member, double amount)
      : line_(line), member_(member), start_(std::max(line_.served_, member_.had_)) {
    member.had_ = start_ + amount;
    rank_ = {start_ + amount, line_.next_order_++};
    line_.waiting_.emplace(rank_, this);
  }
  ~Place() {
    line_.waiting_.erase(rank_);
    line_.wake_first();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  double start() const { return start_; }
  bool is_first() const { return line_.waiting_.begin()->second == this; }
  void look_again() { member_.look_again(); }

 private:
  FairLine& line_;
  Member& member_;
  const double start_;
  Rank rank_;
};

Task<void> FairLine::take(Member& member, double amount, const std::function<bool()>& must_wait) {
  if (!waiting_.empty() || !has_tokens()) co_await wait_in_line(member, amount, must_wait);
  if (must_wait()) tokens_ -= amount;
}

Task<void> FairLine::wait_in_line(Member& member, double amount,
                                  const std::function<bool()>& must_wait) {
  Place place(*this, member, amount);
  while (must_wait() && !(place.is_first() && has_tokens())) {
    if (!place.is_first()) {
      co_await member.changed_.wait();
      continue;
    }
    try {
      co_await within(system_.clock, kLook, member.changed_.wait(), "a fair line");
    } catch (const Error&) {
      // Time to look.
    }
  }
  served_ = std::max(served_, place.start());
}

void FairLine::give_back(double amount) {
  tokens_ = std::min(burst_, tokens_ + amount);
}

bool FairLine::has_tokens() {
  const TimePoint now = system_.clock.now();
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
  refilled_ = now;
  return tokens_ > 0;
}

void FairLine::wake_first() {
  if (!waiting_.empty()) waiting_.begin()->second->look_again();
}

}  // namespace shoal::net
