#include "protocol/kad/request_limiter.h"

#include <gtest/gtest.h>

#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::peer_of;

constexpr auto kBurstRequests = static_cast<std::size_t>(RequestLimiter::kBurst);

TEST(KadRequestLimiter, a_burst_passes_and_the_next_waits) {
  RequestLimiter limiter;
  const TimePoint now{1h};
  for (std::size_t i = 0; i < kBurstRequests; ++i) {
    EXPECT_EQ(limiter.admit(peer_of(1), now), Duration{});
  }
  EXPECT_EQ(limiter.admit(peer_of(1), now), 5ms);
  EXPECT_EQ(limiter.admit(peer_of(1), now), 10ms);
  EXPECT_EQ(limiter.admit(peer_of(2), now), Duration{});
  EXPECT_EQ(limiter.admit(peer_of(1), now + 1s), Duration{});
}

TEST(KadRequestLimiter, refuses_what_would_wait_for_more_than_10_s) {
  RequestLimiter limiter;
  const TimePoint now{1h};
  std::size_t admitted = 0;
  while (limiter.admit(peer_of(1), now)) ++admitted;
  EXPECT_EQ(admitted, kBurstRequests + 10 * static_cast<std::size_t>(RequestLimiter::kPerSecond));
  EXPECT_EQ(limiter.admit(peer_of(1), now), std::nullopt);
  EXPECT_TRUE(limiter.admit(peer_of(1), now + 100ms));
}

TEST(KadRequestLimiter, remembers_4096_peers_the_quietest_goes) {
  RequestLimiter limiter;
  TimePoint now{1h};
  for (std::size_t i = 0; i < RequestLimiter::kMaxPeers; ++i) limiter.admit(peer_of(i), now);
  while (limiter.admit(peer_of(1), now)) continue;
  limiter.admit(peer_of(5000), now);
  EXPECT_EQ(limiter.size(), RequestLimiter::kMaxPeers);
  EXPECT_EQ(limiter.admit(peer_of(1), now), std::nullopt);
}

}  // namespace
}  // namespace shoal::kad
