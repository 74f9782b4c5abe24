#include "protocol/kad/lost_peers.h"

#include <gtest/gtest.h>

#include <set>

#include "protocol/kad/query_testing.h"

namespace shoal::kad {
namespace {

using testing::numbered_peer;

const TimePoint kLostAt{10h};
const std::vector<Multiaddr> kAddresses = {Multiaddr::parse("/ip4/192.0.2.1/tcp/4001")};

TEST(LostPeers, tries_a_peer_again_with_growing_pauses) {
  LostPeers lost;
  lost.lost(numbered_peer(1), kAddresses, kLostAt);
  std::vector<Duration> tried;
  for (TimePoint now = kLostAt; now < kLostAt + 1h; now += 1min) {
    for (const PeerInfo& peer : lost.due(now)) {
      EXPECT_EQ(peer.addresses, kAddresses);
      tried.push_back(now - kLostAt);
    }
  }
  const std::vector<Duration> wanted = {1min, 3min, 7min, 15min, 25min, 35min, 45min, 55min};
  EXPECT_EQ(tried, wanted);
}

TEST(LostPeers, forgets_who_answers_and_who_is_gone_for_two_days) {
  LostPeers lost;
  lost.lost(numbered_peer(1), kAddresses, kLostAt);
  lost.lost(numbered_peer(2), kAddresses, kLostAt);
  EXPECT_TRUE(lost.found(numbered_peer(1)));
  EXPECT_FALSE(lost.found(numbered_peer(1)));
  EXPECT_EQ(lost.due(kLostAt + LostPeers::kForgetAfter).size(), 1u);
  EXPECT_TRUE(lost.due(kLostAt + LostPeers::kForgetAfter + 1ns).empty());
  EXPECT_EQ(lost.size(), 0u);
}

TEST(LostPeers, keeps_its_bound_and_drops_who_was_tried_most) {
  LostPeers lost;
  lost.lost(numbered_peer(0), kAddresses, kLostAt);
  EXPECT_EQ(lost.due(kLostAt + 1min).size(), 1u);
  for (std::uint32_t i = 1; i < LostPeers::kMaxPeers; ++i) {
    lost.lost(numbered_peer(i), kAddresses, kLostAt);
  }
  EXPECT_EQ(lost.size(), LostPeers::kMaxPeers);
  lost.lost(numbered_peer(1000), kAddresses, kLostAt);
  EXPECT_EQ(lost.size(), LostPeers::kMaxPeers);
  EXPECT_FALSE(lost.found(numbered_peer(0)));
  EXPECT_TRUE(lost.found(numbered_peer(1000)));
}

TEST(LostPeers, tries_few_at_once_and_all_in_turn) {
  LostPeers lost;
  for (std::uint32_t i = 0; i < 10; ++i) lost.lost(numbered_peer(i), kAddresses, kLostAt);
  std::set<PeerId> tried;
  for (int round = 1; round <= 5; ++round) {
    const auto due = lost.due(kLostAt + 1min);
    EXPECT_EQ(due.size(), LostPeers::kMaxAtOnce);
    for (const PeerInfo& peer : due) tried.insert(peer.id);
  }
  EXPECT_EQ(tried.size(), 10u);
  EXPECT_TRUE(lost.due(kLostAt + 1min).empty());
}

TEST(LostPeers, needs_an_address_and_keeps_not_too_many) {
  LostPeers lost;
  lost.lost(numbered_peer(1), {}, kLostAt);
  EXPECT_EQ(lost.size(), 0u);
  const std::vector<Multiaddr> many(PeerInfo::kMaxAddresses + 1, kAddresses.front());
  lost.lost(numbered_peer(1), many, kLostAt);
  EXPECT_EQ(lost.due(kLostAt + 1min).front().addresses.size(), PeerInfo::kMaxAddresses);
}

}  // namespace
}  // namespace shoal::kad
