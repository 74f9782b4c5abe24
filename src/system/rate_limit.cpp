#include "system/rate_limit.h"

#include <algorithm>
#include <utility>

namespace shoal {

namespace {

constexpr std::uint64_t kSmallestBurstBytes = 64 * 1024;
constexpr std::uint64_t kSmallestPartBytes = 8 * 1024;
constexpr std::uint64_t kLargestPartBytes = 64 * 1024;

Duration time_for(std::uint64_t bytes, std::uint64_t rate) {
  return Duration(
      static_cast<Duration::rep>(static_cast<double>(bytes) * 1e9 / static_cast<double>(rate)));
}

}  // namespace

RateLimit::RateLimit(Clock& clock, std::uint64_t bytes_per_second)
    : clock_(clock), rate_(0), burst_(0), paid_until_(clock.now()), now_paid_until_(paid_until_) {
  set_rate(bytes_per_second);
}

void RateLimit::set_rate(std::uint64_t bytes_per_second) {
  const TimePoint now = clock_.now();
  const std::uint64_t before = std::exchange(rate_, bytes_per_second);
  now_paid_until_ = now;
  burst_ = rate_ == 0 ? Duration(0) : time_for(std::max(rate_ / 20, kSmallestBurstBytes), rate_);
  if (before == 0 || rate_ == 0) {
    paid_until_ = now;
  } else if (paid_until_ > now) {
    const double ratio = static_cast<double>(before) / static_cast<double>(rate_);
    paid_until_ = now + std::chrono::duration_cast<Duration>((paid_until_ - now) * ratio);
  }
}

bool RateLimit::take_now(std::uint64_t bytes) {
  if (rate_ == 0) return true;
  const TimePoint now = clock_.now();
  if (now_paid_until_ - now >= burst_) return false;
  now_paid_until_ = std::max(now_paid_until_, now - burst_) + 2 * time_for(bytes, rate_);
  paid_until_ = std::max(paid_until_, now - burst_) + time_for(bytes, rate_);
  return true;
}

std::size_t RateLimit::part_bytes() const {
  if (rate_ == 0) return kLargestPartBytes;
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(rate_ / 250, kSmallestPartBytes, kLargestPartBytes));
}

bool RateLimit::saturated() const {
  return rate_ != 0 && paid_until_ > clock_.now() - burst_ / 2;
}

Task<void> RateLimit::take(std::uint64_t bytes) {
  if (rate_ == 0) co_return;
  const TimePoint now = clock_.now();
  const Duration price = time_for(bytes, rate_);
  paid_until_ = std::max(paid_until_, now - burst_) + price;
  if (paid_until_ <= now) co_return;
  try {
    co_await clock_.sleep_until(paid_until_);
  } catch (...) {
    paid_until_ -= price;  // cancelled: these bytes do not pass, so nobody is to wait for them
    throw;
  }
}

}  // namespace shoal
