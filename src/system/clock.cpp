#include "system/clock.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace shoal {

namespace {

/// Counts up on the way out of a wait that was cut short.
class CancelCount {
 public:
  explicit CancelCount(std::size_t& count) : count_(count) {}
  ~CancelCount() {
    if (!finished_) ++count_;
  }
  CancelCount(const CancelCount&) = delete;
  CancelCount& operator=(const CancelCount&) = delete;
  void finished() { finished_ = true; }

 private:
  std::size_t& count_;
  bool finished_ = false;
};

}  // namespace

Task<void> Clock::sleep_until(TimePoint deadline) {
  CancelCount count(cancelled_);
  co_await waits_.wait([this, deadline](Waits::Id wait) {
    push({.deadline = deadline, .order = next_order_++, .wait = wait});
  });
  count.finished();
}

Task<bool> Clock::wait_until(TimePoint deadline, std::function<void(Waits::Id)> begun) {
  CancelCount count(cancelled_);
  bool rang = false;
  co_await waits_.wait([&](Waits::Id wait) {
    push({.deadline = deadline, .order = next_order_++, .wait = wait, .rang = &rang});
    begun(wait);
  });
  if (rang) count.finished();
  co_return !rang;
}

Waits::Id Clock::call_at(TimePoint deadline, std::move_only_function<void()> ring) {
  const Waits::Id call =
      waits_.add([ring = std::move(ring)](boost::system::error_code) mutable { ring(); });
  push({.deadline = deadline, .order = next_order_++, .wait = call});
  return call;
}

void Clock::call_off(Waits::Id call) {
  if (waits_.forget(call)) ++cancelled_;
}

void Clock::push(Timer timer) {
  if (cancelled_ > 64 && cancelled_ * 2 > heap_.size()) drop_cancelled();
  const bool earliest = heap_.empty() || heap_.front().deadline > timer.deadline;
  heap_.push_back(timer);
  std::ranges::push_heap(heap_, std::greater<>{});
  if (earliest) deadline_moved();
}

void Clock::pop() {
  std::ranges::pop_heap(heap_, std::greater<>{});
  heap_.pop_back();
}

void Clock::drop_cancelled() {
  std::erase_if(heap_, [this](const Timer& timer) { return !waits_.has(timer.wait); });
  std::ranges::make_heap(heap_, std::greater<>{});
  cancelled_ = 0;
}

std::optional<TimePoint> Clock::next_deadline() {
  while (!heap_.empty() && !waits_.has(heap_.front().wait)) {
    pop();
    if (cancelled_ > 0) --cancelled_;
  }
  if (heap_.empty()) return std::nullopt;
  return heap_.front().deadline;
}

void Clock::wake_until(TimePoint time) {
  for (auto next = next_deadline(); next && *next <= time; next = next_deadline()) {
    const Timer due = heap_.front();
    pop();
    if (due.rang != nullptr) *due.rang = true;
    waits_.wake(due.wait);
  }
}

}  // namespace shoal
