#pragma once

#include <cstddef>
#include <map>

#include "base/ip_address.h"
#include "base/token_bucket.h"
#include "system/time.h"

namespace shoal::mdns {

/// How many packets are looked at: of each sender, and of all. What exceeds it is not even parsed.
/// Sans-I/O.
class PacketBudget {
 public:
  static constexpr double kBurstPerSource = 40;
  static constexpr double kPerSecondPerSource = 20;
  static constexpr double kBurst = 1000;
  static constexpr double kPerSecond = 500;
  /// Senders that are told apart; all are forgotten when there are more.
  static constexpr std::size_t kMaxSources = 1024;

  bool take(const IpAddress& source, TimePoint now) {
    if (sources_.size() >= kMaxSources && !sources_.contains(source)) sources_.clear();
    auto& bucket = sources_.try_emplace(source, kBurstPerSource, kPerSecondPerSource).first->second;
    return bucket.take(now.time_since_epoch()) && all_.take(now.time_since_epoch());
  }

  std::size_t source_count() const { return sources_.size(); }

 private:
  std::map<IpAddress, TokenBucket> sources_;
  TokenBucket all_{kBurst, kPerSecond};
};

}  // namespace shoal::mdns
