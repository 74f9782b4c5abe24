#include "system/rate_meter.h"

#include <algorithm>

namespace shoal {

namespace {

/// Samples closer together than this replace each other, which bounds their number.
constexpr Duration kSpacing = 50ms;
constexpr double kLongestSeconds = 1e9;

}  // namespace

void RateMeter::update(TimePoint now, std::uint64_t total) {
  if (!samples_.empty() && total < samples_.back().total) samples_.clear();
  if (samples_.size() >= 2 && now - samples_[samples_.size() - 2].time < kSpacing) {
    samples_.pop_back();
  }
  samples_.push_back({.time = now, .total = total});
  while (samples_.size() > 2 && now - samples_[1].time >= window_) samples_.pop_front();
}

std::uint64_t RateMeter::rate() const {
  if (samples_.size() < 2) return 0;
  const auto& first = samples_.front();
  const auto& last = samples_.back();
  const double seconds = std::chrono::duration<double>(last.time - first.time).count();
  if (seconds <= 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(last.total - first.total) / seconds);
}

std::optional<Duration> RateMeter::time_for(std::uint64_t rest) const {
  const std::uint64_t per_second = rate();
  if (per_second == 0) return std::nullopt;
  const double seconds = static_cast<double>(rest) / static_cast<double>(per_second);
  const std::chrono::duration<double> bounded(std::min(seconds, kLongestSeconds));
  return std::chrono::duration_cast<Duration>(bounded);
}

}  // namespace shoal
