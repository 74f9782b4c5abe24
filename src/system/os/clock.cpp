#include "system/os/clock.h"

#include <chrono>

namespace shoal::os {

namespace asio = boost::asio;

RealClock::RealClock(Waits& waits, asio::io_context& context, Duration ahead)
    : Clock(waits), ahead_(ahead), timer_(context) {}

TimePoint RealClock::now() const {
  return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
}

WallTime RealClock::wall_now() const {
  return std::chrono::system_clock::now() + ahead_;
}

void RealClock::deadline_moved() {
  const auto next = next_deadline();
  if (!timer_ || !next) return;
  if (!armed_ || *next < *armed_) arm(*next);
}

void RealClock::arm(TimePoint deadline) {
  armed_ = deadline;
  timer_->expires_at(std::chrono::steady_clock::time_point(deadline.time_since_epoch()));
  timer_->async_wait([this](boost::system::error_code error) {
    if (!error) rang();
  });
}

void RealClock::rang() {
  armed_.reset();
  wake_until(now());
  deadline_moved();
}

}  // namespace shoal::os
