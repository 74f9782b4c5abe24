#include "cli/peer_event_limiter.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

constexpr TimePoint kStart{1h};

TEST(PeerEventLimiter, tells_of_a_few_peers_one_by_one) {
  PeerEventLimiter limiter;
  for (int i = 0; i < PeerEventLimiter::kBurst; ++i) EXPECT_TRUE(limiter.connected(kStart));
  EXPECT_FALSE(limiter.take(kStart));
  EXPECT_FALSE(limiter.connected(kStart));
}

TEST(PeerEventLimiter, bounds_the_lines_of_10000_connects) {
  PeerEventLimiter limiter;
  std::size_t told = 0;
  std::size_t lines = 0;
  PeerEventLimiter::Counts counted;
  const auto count = [&](const std::optional<PeerEventLimiter::Counts>& counts) {
    if (!counts) return;
    ++lines;
    counted.connected += counts->connected;
    counted.gone += counts->gone;
  };
  TimePoint now = kStart;
  for (int i = 0; i < 10'000; ++i, now += 1ms) {
    if (limiter.connected(now)) {
      ++told;
    } else {
      limiter.gone();
    }
    count(limiter.take(now));
  }
  count(limiter.take_rest(now));
  EXPECT_EQ(told + counted.connected, 10'000u);
  EXPECT_EQ(counted.connected, counted.gone);
  EXPECT_LE(static_cast<double>(told),
            PeerEventLimiter::kBurst + 10 * PeerEventLimiter::kPerSecond + 1);
  EXPECT_LE(lines, 12u);
}

TEST(PeerEventLimiter, tells_counts_once_a_second) {
  PeerEventLimiter limiter;
  while (limiter.connected(kStart)) {
  }
  EXPECT_EQ(limiter.take(kStart).value().connected, 1u);
  EXPECT_FALSE(limiter.take(kStart + 2s));
  limiter.gone();
  EXPECT_EQ(limiter.take(kStart + 3s).value().gone, 1u);
  limiter.gone();
  EXPECT_FALSE(limiter.take(kStart + 3500ms));
  EXPECT_EQ(limiter.take_rest(kStart + 3500ms).value().gone, 1u);
}

TEST(PeerEventLimiter, tells_one_by_one_again_when_it_is_calm) {
  PeerEventLimiter limiter;
  while (limiter.connected(kStart)) {
  }
  EXPECT_TRUE(limiter.connected(kStart + 1s));
}

}  // namespace
}  // namespace shoal::cli
