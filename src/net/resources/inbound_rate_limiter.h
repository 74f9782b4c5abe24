#pragma once

#include <cstddef>
#include <map>

#include "net/resources/ip_prefix.h"
#include "system/time.h"

namespace shoal::net {

/// A token bucket for each IP prefix that connects to us; peers that break a protocol or hold what
/// others need cost their prefix extra. Sans-I/O; forgets prefixes that are quiet.
///
/// Enough for 200 clients behind one address, hostile ones that come again at once among them:
/// their neighbours must get in as well.
class InboundRateLimiter {
 public:
  /// Connections from one prefix, at once and each second.
  static constexpr double kBurst = 256;
  static constexpr double kPerSecond = 128;
  /// What a penalty costs, in connections.
  static constexpr double kPenalty = 4;
  /// Penalties go no further below nothing: a neighbour is to get in within a second.
  static constexpr double kLowest = -64;
  /// Prefixes remembered; beyond it the one that was quiet for longest is forgotten.
  static constexpr std::size_t kMaxPrefixes = 4096;

  /// False: too many from there lately. Programs of this machine are always admitted: they share
  /// an address, and what they could take they need not ask us for.
  bool admit(const IpAddress& prefix, TimePoint now);
  void penalise(const IpAddress& prefix, TimePoint now);

  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = kBurst;
    TimePoint refilled;
  };

  Bucket& bucket_of(const IpAddress& prefix, TimePoint now);

  std::map<IpAddress, Bucket> buckets_;
};

}  // namespace shoal::net
