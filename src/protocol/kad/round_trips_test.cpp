#include "protocol/kad/round_trips.h"

#include <gtest/gtest.h>

#include "protocol/kad/query_testing.h"

namespace shoal::kad {
namespace {

using testing::numbered_peer;

TEST(RoundTrips, follow_the_network_for_unknown_peers) {
  RoundTrips trips;
  for (std::uint32_t i = 0; i < 200; ++i) {
    trips.observe(numbered_peer(i % 20), Contact::connected, 100ms);
  }
  const Patience patience = trips.expect(numbered_peer(1000), Contact::connected);
  EXPECT_GE(patience.hedge_after, 100ms);
  EXPECT_LE(patience.hedge_after, 150ms);
  EXPECT_EQ(patience.late_after, RoundTrips::kMinLate);
}

TEST(RoundTrips, know_a_slow_peer_as_slow) {
  RoundTrips trips;
  for (int i = 0; i < 50; ++i) {
    trips.observe(numbered_peer(1), Contact::connected, 50ms);
    trips.observe(numbered_peer(2), Contact::connected, 900ms);
  }
  EXPECT_LE(trips.expect(numbered_peer(1), Contact::connected).hedge_after, 80ms);
  EXPECT_GE(trips.expect(numbered_peer(2), Contact::connected).hedge_after, 900ms);
}

TEST(RoundTrips, keep_dials_apart) {
  RoundTrips trips;
  for (int i = 0; i < 50; ++i) {
    trips.observe(numbered_peer(1), Contact::connected, 50ms);
    trips.observe(numbered_peer(2), Contact::dialled, 400ms);
  }
  EXPECT_LE(trips.expect(numbered_peer(3), Contact::connected).hedge_after, 100ms);
  EXPECT_GE(trips.expect(numbered_peer(3), Contact::dialled).hedge_after, 400ms);
}

TEST(RoundTrips, stay_between_300_ms_and_10_s) {
  RoundTrips trips;
  trips.observe(numbered_peer(1), Contact::connected, 1us);
  EXPECT_EQ(trips.expect(numbered_peer(1), Contact::connected).late_after, 300ms);
  trips.observe(numbered_peer(2), Contact::connected, 24h);
  EXPECT_EQ(trips.expect(numbered_peer(2), Contact::connected).late_after, 10s);
}

TEST(RoundTrips, remember_1024_peers) {
  RoundTrips trips;
  for (std::uint32_t i = 0; i < 1500; ++i) {
    trips.observe(numbered_peer(i), Contact::connected, 50ms);
    EXPECT_LE(trips.peer_count(), RoundTrips::kMaxPeers);
  }
}

}  // namespace
}  // namespace shoal::kad
