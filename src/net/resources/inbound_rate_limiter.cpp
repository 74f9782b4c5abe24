#include "net/resources/inbound_rate_limiter.h"

#include <algorithm>

namespace shoal::net {

InboundRateLimiter::Bucket& InboundRateLimiter::bucket_of(const IpAddress& prefix, TimePoint now) {
  const auto found = buckets_.find(prefix);
  if (found != buckets_.end()) {
    Bucket& bucket = found->second;
    const double seconds = std::chrono::duration<double>(now - bucket.refilled).count();
    bucket.tokens = std::min(kBurst, bucket.tokens + seconds * kPerSecond);
    bucket.refilled = now;
    return bucket;
  }
  if (buckets_.size() >= kMaxPrefixes) {
    const auto by_time = [](const auto& one) { return one.second.refilled; };
    buckets_.erase(std::ranges::min_element(buckets_, {}, by_time));
  }
  Bucket& made = buckets_[prefix];
  made.refilled = now;
  return made;
}

bool InboundRateLimiter::admit(const IpAddress& prefix, TimePoint now) {
  if (is_this_machine(prefix)) return true;
  Bucket& bucket = bucket_of(prefix, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void InboundRateLimiter::penalise(const IpAddress& prefix, TimePoint now) {
  Bucket& bucket = bucket_of(prefix, now);
  bucket.tokens = std::max(kLowest, bucket.tokens - kPenalty);
}

}  // namespace shoal::net
