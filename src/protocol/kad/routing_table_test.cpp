#include "protocol/kad/routing_table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::CountingRandom;
using testing::peer_in_bucket;
using testing::peer_of;
using testing::public_ip;

constexpr TimePoint kStart{1000h};

/// A table with peers that come from networks of their own, unless said otherwise.
struct KadRoutingTableTest : ::testing::Test {
  PeerId peer(std::size_t prefix) { return peer_in_bucket(self, prefix, next_peer); }
  IpGroup group() { return IpGroup::of(public_ip(next_network++)); }
  bool offer(const PeerId& id) { return table.offer(id, group(), now); }
  /// As many of that prefix as a bucket takes.
  std::vector<PeerId> fill(std::size_t prefix) {
    std::vector<PeerId> out;
    while (out.size() < kReplication) {
      out.push_back(peer(prefix));
      EXPECT_TRUE(offer(out.back()));
    }
    return out;
  }
  bool has(const PeerId& id) const { return table.find(id) != nullptr; }

  const Key self = Key::of(peer_of(0));
  std::uint64_t next_peer = 1;
  std::uint32_t next_network = 0;
  TimePoint now = kStart;
  RoutingTable table{self};
};

TEST_F(KadRoutingTableTest, refuses_ourselves) {
  EXPECT_FALSE(offer(peer_of(0)));
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(KadRoutingTableTest, seats_a_peer_once) {
  const PeerId one = peer(3);
  EXPECT_TRUE(offer(one));
  EXPECT_TRUE(offer(one));
  EXPECT_EQ(table.size(), 1u);
}

TEST_F(KadRoutingTableTest, unfolds_only_when_the_last_bucket_is_full) {
  fill(0);
  EXPECT_EQ(table.bucket_count(), 1u);
  EXPECT_TRUE(offer(peer(1)));
  EXPECT_EQ(table.bucket_count(), 2u);
  EXPECT_TRUE(offer(peer(5)));
  EXPECT_EQ(table.bucket_count(), 2u);
}

TEST_F(KadRoutingTableTest, holds_20_in_a_bucket) {
  fill(0);
  EXPECT_FALSE(offer(peer(0)));
  EXPECT_EQ(table.size(), kReplication);
}

// F1
TEST_F(KadRoutingTableTest, newcomers_do_not_displace_the_useful) {
  const std::vector<PeerId> seated = fill(0);
  for (int hour = 0; hour < 48; ++hour) {
    now += 1h;
    for (const PeerId& id : seated) table.useful(id, 50ms, now);
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(offer(peer(0)));
  }
  for (const PeerId& id : seated) EXPECT_TRUE(has(id));
}

TEST_F(KadRoutingTableTest, the_longest_useless_yields_after_an_hour) {
  const std::vector<PeerId> seated = fill(0);
  now += RoutingTable::kUselessAfter;
  for (std::size_t i = 1; i < seated.size(); ++i) table.useful(seated[i], 50ms, now);
  EXPECT_FALSE(offer(peer(0)));
  now += 1ns;
  EXPECT_TRUE(offer(peer(0)));
  EXPECT_FALSE(has(seated[0]));
  EXPECT_FALSE(offer(peer(0)));
}

TEST_F(KadRoutingTableTest, a_peer_that_fails_yields_to_a_replacement) {
  const std::vector<PeerId> seated = fill(0);
  const PeerId older = peer(0);
  const PeerId newer = peer(0);
  offer(older);
  offer(newer);
  table.failed(seated[7], now);
  EXPECT_FALSE(has(seated[7]));
  EXPECT_TRUE(has(newer));
  table.failed(seated[8], now);
  EXPECT_TRUE(has(older));
}

TEST_F(KadRoutingTableTest, goes_after_3_failures_without_replacement) {
  const PeerId one = peer(0);
  offer(one);
  for (std::uint32_t i = 1; i < RoutingTable::kMaxFailures; ++i) table.failed(one, now);
  EXPECT_TRUE(has(one));
  table.useful(one, 10ms, now);
  EXPECT_EQ(table.find(one)->failures, 0u);
  for (std::uint32_t i = 0; i < RoutingTable::kMaxFailures; ++i) table.failed(one, now);
  EXPECT_FALSE(has(one));
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(KadRoutingTableTest, remembers_8_replacements_of_a_bucket) {
  const std::vector<PeerId> seated = fill(0);
  std::vector<PeerId> waiting;
  for (std::size_t i = 0; i <= RoutingTable::kReplacements; ++i) {
    waiting.push_back(peer(0));
    offer(waiting.back());
  }
  for (std::size_t i = 0; i <= RoutingTable::kReplacements; ++i) table.remove(seated[i], now);
  EXPECT_FALSE(has(waiting.front()));
  for (std::size_t i = 1; i < waiting.size(); ++i) EXPECT_TRUE(has(waiting[i]));
}

TEST_F(KadRoutingTableTest, takes_2_of_an_ip_group_into_a_bucket) {
  const IpGroup one_group = group();
  EXPECT_TRUE(table.offer(peer(0), one_group, now));
  EXPECT_TRUE(table.offer(peer(0), one_group, now));
  EXPECT_FALSE(table.offer(peer(0), one_group, now));
  EXPECT_EQ(table.size(), 2u);
}

TEST_F(KadRoutingTableTest, takes_3_of_an_ip_group_into_a_small_table_and_1_into_a_large_one) {
  const std::vector<std::vector<PeerId>> seated = {fill(0), fill(1)};
  for (const auto& bucket : seated) table.remove(bucket[0], now);
  const IpGroup one_group = group();
  for (std::size_t prefix = 0; prefix < 3; ++prefix) {
    EXPECT_TRUE(table.offer(peer(prefix), one_group, now));
  }
  EXPECT_FALSE(table.offer(peer(3), one_group, now));
  EXPECT_TRUE(offer(peer(3)));
  const auto of_group = [&] {
    return std::ranges::count(table.all(), one_group, &RoutingTable::Entry::group);
  };
  while (table.size() < RoutingTable::kLargeTable - 1) EXPECT_TRUE(offer(peer(2)));
  EXPECT_EQ(of_group(), 3);
  EXPECT_TRUE(offer(peer(2)));
  EXPECT_EQ(of_group(), 1);
  while (table.size() < RoutingTable::kLargeTable) EXPECT_TRUE(offer(peer(2)));
  EXPECT_FALSE(table.offer(peer(2), one_group, now));
  EXPECT_EQ(of_group(), 1);
}

TEST_F(KadRoutingTableTest, a_group_that_left_may_come_again) {
  const IpGroup one_group = group();
  const PeerId first = peer(0);
  const PeerId second = peer(0);
  const PeerId third = peer(0);
  table.offer(first, one_group, now);
  table.offer(second, one_group, now);
  table.offer(third, one_group, now);
  table.remove(first, now);
  EXPECT_TRUE(has(third));  // it waited
  EXPECT_EQ(table.size(), 2u);
}

TEST_F(KadRoutingTableTest, local_addresses_are_exempt_in_a_lan_only) {
  const IpGroup home = IpGroup::of(*IpAddress::parse("192.168.1.1"));
  RoutingTable lan(self, {.exempt_local = true});
  for (int i = 0; i < 10; ++i) {
    const PeerId id = peer(0);
    EXPECT_TRUE(lan.offer(id, home, now));
    table.offer(id, home, now);
  }
  EXPECT_EQ(lan.size(), 10u);
  EXPECT_EQ(table.size(), 2u);
}

TEST_F(KadRoutingTableTest, finds_the_closest_in_order) {
  for (int i = 0; i < 300; ++i) offer(peer_of(next_peer++));
  const Key target = Key::of(peer_of(next_peer));
  std::vector<Key> expected;
  for (const auto& entry : table.all()) expected.push_back(entry.key);
  std::ranges::sort(expected, [&](const Key& a, const Key& b) { return nearer(target, a, b); });
  const auto found = table.closest(target, 7);
  ASSERT_EQ(found.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(found[i].key, expected[i]);
  EXPECT_EQ(table.closest(target, 10'000).size(), table.size());
}

// F8
TEST_F(KadRoutingTableTest, names_the_failed_only_when_others_are_too_few) {
  const PeerId good = peer(0);
  const PeerId bad = peer(0);
  offer(good);
  offer(bad);
  table.failed(bad, now);
  EXPECT_EQ(table.closest(Key::of(bad), 1).at(0).id, good);
  EXPECT_EQ(table.closest(Key::of(bad), 2).at(0).id, bad);
}

TEST_F(KadRoutingTableTest, smooths_round_trips) {
  const PeerId one = peer(0);
  offer(one);
  table.useful(one, 80ms, now);
  EXPECT_EQ(table.find(one)->round_trip, 80ms);
  table.useful(one, 160ms, now);
  EXPECT_EQ(table.find(one)->round_trip, 90ms);
}

TEST_F(KadRoutingTableTest, values_near_peers_more) {
  const PeerId far = peer(0);
  const PeerId near = peer(6);
  offer(far);
  offer(near);
  EXPECT_GT(table.value_of(near), table.value_of(far));
  EXPECT_GT(table.value_of(far), 0);
  EXPECT_EQ(table.value_of(peer(1)), 0);
}

TEST_F(KadRoutingTableTest, refreshes_stale_prefixes_up_to_the_deepest) {
  EXPECT_TRUE(table.stale(now).empty());
  offer(peer(0));
  offer(peer(3));
  EXPECT_EQ(table.stale(now), (std::vector<std::size_t>{0, 1, 2, 3}));
  table.looked_up(Key::of(peer(1)), now);
  EXPECT_EQ(table.stale(now), (std::vector<std::size_t>{0, 2, 3}));
  now += TableLimits{}.refresh_interval - 1ns;
  EXPECT_EQ(table.stale(now).size(), 3u);
  now += 1ns;
  EXPECT_EQ(table.stale(now).size(), 4u);
}

TEST_F(KadRoutingTableTest, refreshes_no_prefix_beyond_15_bits) {
  RoutingTable small(self);
  CountingRandom random;
  const auto deep = random_peer_in(self, 16, random, 4'000'000);
  ASSERT_TRUE(deep);
  small.offer(*deep, group(), now);
  EXPECT_EQ(small.stale(now).back(), RoutingTable::kMaxRefreshedPrefix);
  small.looked_up(Key::of(*deep), now);
  EXPECT_EQ(small.stale(now).size(), RoutingTable::kMaxRefreshedPrefix);
}

TEST_F(KadRoutingTableTest, finds_random_peers_of_a_prefix) {
  CountingRandom random;
  for (std::size_t prefix = 0; prefix < 9; ++prefix) {
    const auto found = random_peer_in(self, prefix, random, 20'000);
    ASSERT_TRUE(found);
    EXPECT_EQ(Key::of(*found).common_prefix(self), prefix);
  }
  EXPECT_EQ(random_peer_in(self, 200, random, 100), std::nullopt);
}

TEST_F(KadRoutingTableTest, the_same_calls_give_the_same_table) {
  RoutingTable other(self);
  for (std::uint32_t i = 1; i < 500; ++i) {
    for (RoutingTable* each : {&table, &other}) {
      each->offer(peer_of(i), IpGroup::of(public_ip(i % 150)), now);
      if (i % 3 == 0) each->failed(peer_of(i - 1), now);
      if (i % 5 == 0) each->useful(peer_of(i / 2), 5ms, now);
    }
  }
  EXPECT_EQ(table.all(), other.all());
}

}  // namespace
}  // namespace shoal::kad
