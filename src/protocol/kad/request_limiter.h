#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>

#include "format/peer_id.h"
#include "system/time.h"

namespace shoal::kad {

/// A token bucket for each peer that asks. Peers beyond it wait rather than fail: whoever announces
/// all that it has comes with thousands of requests at once, and one after the other. Sans-I/O.
class RequestLimiter {
 public:
  /// Requests of one peer at once, and each second.
  static constexpr double kBurst = 1000;
  static constexpr double kPerSecond = 200;
  /// A request that would have to wait for longer is refused.
  static constexpr Duration kMaxWait = 10s;
  /// Peers remembered; beyond it the one that was quiet for longest is forgotten.
  static constexpr std::size_t kMaxPeers = 4096;

  /// How long the request of `peer` has to wait; none when it is refused.
  std::optional<Duration> admit(const PeerId& peer, TimePoint now);

  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = kBurst;  // below zero: promised to requests that wait
    TimePoint refilled;
    std::list<PeerId>::iterator age;
  };
  Bucket& bucket_of(const PeerId& peer, TimePoint now);

  std::map<PeerId, Bucket> buckets_;
  std::list<PeerId> by_age_;  // quiet for longest first
};

}  // namespace shoal::kad
