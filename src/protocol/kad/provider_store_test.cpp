#include "protocol/kad/provider_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocol/kad/kad_testing.h"

namespace shoal::kad {
namespace {

using testing::content_of;
using testing::peer_of;
using testing::public_address;
using testing::public_ip;

Key content_key(std::uint64_t number) {
  return Key::of(content_of(number));
}

IpGroup group_number(std::uint32_t number) {
  return IpGroup::of(public_ip(number));
}

struct KadProviderStoreTest : ::testing::Test {
  bool add(std::uint64_t content, std::uint32_t peer, std::optional<std::uint32_t> network = {}) {
    return store.add(content_key(content), peer_of(peer), {public_address(peer)},
                     group_number(network.value_or(peer)), now);
  }
  std::size_t found(std::uint64_t content) const {
    return store.find(content_key(content), now).size();
  }
  bool has(std::uint64_t content, std::uint32_t peer) const {
    const auto all = store.find(content_key(content), now);
    return std::ranges::any_of(all, [&](const auto& info) { return info.id == peer_of(peer); });
  }

  TimePoint now{1000h};
  ProviderStore store{{.units = 200}};
};

TEST_F(KadProviderStoreTest, finds_what_was_announced_once) {
  EXPECT_TRUE(add(1, 1));
  EXPECT_TRUE(add(1, 2));
  EXPECT_TRUE(add(1, 1));
  const std::vector<PeerInfo> expected = {{peer_of(1), {public_address(1)}, 0},
                                          {peer_of(2), {public_address(2)}, 0}};
  EXPECT_EQ(store.find(content_key(1), now), expected);
  EXPECT_EQ(store.record_count(), 2u);
  EXPECT_EQ(found(2), 0u);
}

TEST_F(KadProviderStoreTest, forgets_a_record_48_h_after_it_was_announced) {
  add(1, 1);
  now += 24h;
  add(1, 1);
  now += ProviderStore::kRecordLifetime - 1ns;
  EXPECT_EQ(found(1), 1u);
  now += 1ns;
  EXPECT_EQ(found(1), 0u);
  EXPECT_EQ(store.record_count(), 1u);
  store.expire(now);
  EXPECT_EQ(store.record_count(), 0u);
  EXPECT_EQ(store.provider_count(), 0u);
  EXPECT_EQ(store.units_used(), 0u);
}

TEST_F(KadProviderStoreTest, forgets_addresses_after_24_h) {
  add(1, 1);
  now += ProviderStore::kAddressLifetime - 1ns;
  EXPECT_EQ(store.find(content_key(1), now)[0].addresses.size(), 1u);
  now += 1ns;
  EXPECT_EQ(store.find(content_key(1), now)[0].addresses.size(), 0u);
}

TEST_F(KadProviderStoreTest, expires_some_records_of_a_provider) {
  add(1, 1);
  now += 30h;
  add(2, 1);
  now += 30h;
  store.expire(now);
  EXPECT_EQ(store.record_count(), 1u);
  EXPECT_TRUE(has(2, 1));
}

TEST_F(KadProviderStoreTest, keeps_8_addresses_and_512_bytes_of_a_provider) {
  std::vector<Multiaddr> many;
  for (std::uint8_t i = 0; i <= ProviderStore::kMaxAddresses; ++i) {
    many.push_back(public_address(1, i));
  }
  store.add(content_key(1), peer_of(1), many, group_number(1), now);
  EXPECT_EQ(store.find(content_key(1), now)[0].addresses.size(), ProviderStore::kMaxAddresses);
  const Multiaddr wide = Multiaddr::parse("/dns4/" + std::string(60, 'a') + "/tcp/1");
  const std::size_t fitting = ProviderStore::kMaxAddressBytes / wide.encoded().size();
  ASSERT_LT(fitting, ProviderStore::kMaxAddresses);
  store.add(content_key(1), peer_of(1), std::vector(8, wide), group_number(1), now);
  EXPECT_EQ(store.find(content_key(1), now)[0].addresses.size(), fitting);
}

TEST_F(KadProviderStoreTest, an_announcement_without_addresses_keeps_those_known) {
  add(1, 1);
  store.add(content_key(2), peer_of(1), {}, group_number(1), now);
  EXPECT_EQ(store.find(content_key(2), now)[0].addresses, std::vector{public_address(1)});
}

TEST(KadProviderStore, takes_100_providers_of_one_content) {
  ProviderStore store;
  const TimePoint now{1h};
  const auto add = [&](std::uint32_t peer) {
    return store.add(content_key(1), peer_of(peer), {}, group_number(peer), now);
  };
  for (std::uint32_t peer = 0; peer < 100; ++peer) EXPECT_TRUE(add(peer));
  EXPECT_FALSE(add(100));
  EXPECT_TRUE(add(7));  // it is there
  EXPECT_EQ(store.find(content_key(1), now).size(), 100u);
  EXPECT_TRUE(store.find(content_key(1), now + 48h).empty());
  EXPECT_TRUE(store.add(content_key(1), peer_of(100), {}, group_number(100), now + 48h));
}

// F2
TEST_F(KadProviderStoreTest, takes_10_providers_of_one_content_from_a_group) {
  for (std::uint32_t peer = 1; peer <= 10; ++peer) EXPECT_TRUE(add(1, peer, 5));
  EXPECT_FALSE(add(1, 11, 5));
  EXPECT_TRUE(add(1, 12, 6));
}

TEST_F(KadProviderStoreTest, a_provider_beyond_its_quota_loses_its_oldest) {
  // A quarter of 200 units, of which the provider itself takes 8.
  for (std::uint64_t content = 0; content < 42; ++content) EXPECT_TRUE(add(content, 1));
  EXPECT_EQ(found(0), 1u);
  EXPECT_TRUE(add(42, 1));
  EXPECT_EQ(found(0), 0u);
  EXPECT_EQ(found(1), 1u);
  EXPECT_EQ(store.record_count(), 42u);
}

TEST_F(KadProviderStoreTest, a_group_beyond_its_quota_loses_of_its_own) {
  add(1000, 50, 9);
  // Half of 200 units: eleven providers with one record each.
  for (std::uint32_t peer = 0; peer < 40; ++peer) EXPECT_TRUE(add(peer, peer, 1));
  EXPECT_EQ(store.provider_count(), 12u);
  EXPECT_TRUE(has(1000, 50));
}

TEST_F(KadProviderStoreTest, when_full_the_heaviest_group_loses) {
  for (std::uint64_t content = 0; content < 42; ++content) add(content, 1, 1);
  for (std::uint64_t content = 0; content < 42; ++content) add(content, 2, 1);
  for (std::uint64_t content = 0; content < 42; ++content) add(content, 3, 3);
  for (std::uint64_t content = 0; content < 42; ++content) add(content, 4, 4);
  EXPECT_EQ(store.units_used(), 200u);
  add(100, 5);
  EXPECT_EQ(store.units_used(), 200u);
  EXPECT_TRUE(has(100, 5));
  EXPECT_TRUE(has(0, 3));
  EXPECT_TRUE(has(0, 4));
  EXPECT_FALSE(has(0, 1) && has(0, 2));
}

TEST_F(KadProviderStoreTest, identities_without_end_stay_within_the_bound) {
  add(1000, 100'000, 39'999);
  for (std::uint32_t peer = 0; peer < 5000; ++peer) {
    add(peer, peer, peer % 3);
    ASSERT_LE(store.units_used(), 200u);
  }
  EXPECT_TRUE(has(1000, 100'000));
}

TEST_F(KadProviderStoreTest, a_provider_that_moves_counts_for_its_new_group) {
  add(1, 1, 1);
  add(2, 1, 2);
  add(1, 1, 3);
  EXPECT_EQ(store.units_used(), ProviderStore::kProviderUnits + 2);
  now += 48h;
  store.expire(now);
  EXPECT_EQ(store.units_used(), 0u);
}

TEST(KadProviderStore, a_lan_has_no_quota_by_group) {
  ProviderStore store({.units = 200, .exempt_local = true});
  const IpGroup home = IpGroup::of(*IpAddress::parse("192.168.0.1"));
  for (std::uint32_t peer = 0; peer < 20; ++peer) {
    EXPECT_TRUE(store.add(content_key(1), peer_of(peer), {}, home, TimePoint{}));
  }
}

TEST(KadProviderStore, saves_and_restores_what_is_left_of_a_record) {
  const TimePoint now{1000h};
  ProviderStore store;
  store.add(content_key(1), peer_of(1), {public_address(1)}, group_number(1), now - 10h);
  store.add(content_key(2), peer_of(1), {}, group_number(1), now);
  const auto saved = store.next_to_save(std::nullopt, now);
  ASSERT_TRUE(saved);
  EXPECT_EQ(store.next_to_save(saved->provider, now), std::nullopt);

  ProviderStore again;
  const TimePoint later{5h};  // another clock
  again.restore(*saved, 12h, later);
  EXPECT_EQ(again.find(content_key(1), later).at(0).addresses, std::vector{public_address(1)});
  EXPECT_TRUE(again.find(content_key(1), later + 2h).at(0).addresses.empty());
  EXPECT_TRUE(again.find(content_key(1), later + 26h).empty());
  EXPECT_FALSE(again.find(content_key(2), later + 26h).empty());
  EXPECT_TRUE(again.find(content_key(2), later + 36h).empty());
}

}  // namespace
}  // namespace shoal::kad
