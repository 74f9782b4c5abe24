#include "protocol/kad/request_limiter.h"

#include <algorithm>
#include <chrono>

namespace shoal::kad {

RequestLimiter::Bucket& RequestLimiter::bucket_of(const PeerId& peer, TimePoint now) {
  if (const auto found = buckets_.find(peer); found != buckets_.end()) {
    Bucket& bucket = found->second;
    const double seconds = std::chrono::duration<double>(now - bucket.refilled).count();
    bucket.tokens = std::min(kBurst, bucket.tokens + seconds * kPerSecond);
    bucket.refilled = now;
    by_age_.splice(by_age_.end(), by_age_, bucket.age);
    return bucket;
  }
  if (buckets_.size() == kMaxPeers) {
    buckets_.erase(by_age_.front());
    by_age_.pop_front();
  }
  by_age_.push_back(peer);
  return buckets_.emplace(peer, Bucket{.refilled = now, .age = std::prev(by_age_.end())})
      .first->second;
}

std::optional<Duration> RequestLimiter::admit(const PeerId& peer, TimePoint now) {
  Bucket& bucket = bucket_of(peer, now);
  const double wait = std::max(0.0, (1 - bucket.tokens) / kPerSecond);
  const auto out = std::chrono::ceil<Duration>(std::chrono::duration<double>(wait));
  if (out > kMaxWait) return std::nullopt;
  bucket.tokens -= 1;
  return out;
}

}  // namespace shoal::kad
