#include <gtest/gtest.h>

#include "protocol/kad/lookup_testing.h"

namespace shoal::kad {
namespace {

using testing::KadNet;
using testing::KadNode;
using testing::key_bytes;

Multihash multihash_of(const std::string& name) {
  return Multihash::sha2_256(as_bytes(name));
}

std::size_t record_holders(KadNet& net, const std::string& name) {
  std::size_t out = 0;
  for (KadNode* node : net.closest(Key::of(multihash_of(name)))) {
    out += node->providers[key_bytes(name)].empty() ? 0 : 1;
  }
  return out;
}

std::vector<PeerInfo> providers_found(KadNet& net, KadNode& by, const std::string& name,
                                      std::size_t enough = 20) {
  std::vector<PeerInfo> out;
  net.world.run(by.finder.find_providers(
      multihash_of(name), [&](const PeerInfo& peer) { out.push_back(peer); }, enough));
  return out;
}

TEST(KadPublish, can_be_found_when_provide_returns) {
  KadNet net(100);
  const std::size_t holders = net.world.run(net[0].publisher.provide(multihash_of("a")));
  EXPECT_GE(holders, Publisher::kEnoughHolders);
  const auto found = providers_found(net, net[50], "a");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, net[0].id);
  EXPECT_EQ(found[0].addresses, std::vector{net[0].address()});
}

TEST(KadPublish, reaches_the_20_closest_in_the_background) {
  KadNet net(100);
  net.world.run(net[0].publisher.provide(multihash_of("a")));
  net.world.run_for(5s);
  EXPECT_EQ(record_holders(net, "a"), kReplication);
  EXPECT_EQ(net[0].publisher.store_count(), 0u);
}

TEST(KadPublish, reaches_the_closest_with_a_third_dead) {
  KadNet net(200);
  for (std::size_t i = 1; i < 200; ++i) {
    if (i % 10 < 3) net[i].host.set_online(false);
  }
  net.world.run(net[0].publisher.provide(multihash_of("a")));
  net.world.run_for(5s);
  EXPECT_GE(record_holders(net, "a"), kReplication - 2);
}

TEST(KadPublish, passes_over_peers_that_do_not_keep_it) {
  KadNet net(60);
  for (KadNode* node : net.closest(Key::of(multihash_of("a")), 5)) {
    node->twist = [](Message& answer) { answer.providers.clear(); };
  }
  const std::size_t holders = net.world.run(net[0].publisher.provide(multihash_of("a")));
  EXPECT_GE(holders, Publisher::kEnoughHolders);
  EXPECT_EQ(providers_found(net, net[50], "a").size(), 1u);
}

TEST(KadPublish, says_that_nobody_could_be_reached) {
  KadNet net(1);
  EXPECT_EQ(net.world.run(net[0].publisher.provide(multihash_of("a"))), 0u);
}

TEST(KadPublish, announces_many_to_one_peer) {
  KadNet net(2);
  std::vector<Multihash> many;
  for (int i = 0; i < 150; ++i) many.push_back(multihash_of(std::to_string(i)));
  EXPECT_TRUE(net.world.run(net[0].publisher.announce(net[1].id, many)));
  EXPECT_EQ(net[1].providers.size(), 150u);
}

TEST(KadPublish, stops_with_records_on_their_way) {
  KadNet net(60);
  for (std::size_t i = 1; i < 60; ++i) net[i].delay = i % 2 == 0 ? 0s : 200ms;
  net.world.run(net[0].publisher.provide(multihash_of("a")));
  net.world.run(net[0].publisher.stop());
  EXPECT_EQ(net[0].publisher.store_count(), 0u);
}

TEST(KadFind, streams_each_provider_once) {
  KadNet net(60);
  for (std::size_t i = 1; i < 8; ++i) net.world.run(net[i].publisher.provide(multihash_of("a")));
  net.world.run_for(5s);
  EXPECT_EQ(providers_found(net, net[30], "a").size(), 7u);
}

// F2: one peer that invents providers does not end the search of others.
TEST(KadFind, one_peer_makes_up_a_quarter_of_enough_at_most) {
  KadNet net(60);
  net.world.run(net[1].publisher.provide(multihash_of("a")));
  net.world.run_for(5s);
  std::uint32_t invented = 0;
  for (KadNode* node : net.closest(Key::of(multihash_of("a")), 3)) {
    node->twist = [&invented](Message& answer) {
      answer.providers.clear();
      for (int i = 0; i < 20; ++i) {
        answer.providers.push_back(
            {.id = PeerId::decode(key_bytes(std::to_string(++invented))), .addresses = {}});
      }
    };
  }
  const auto found = providers_found(net, net[0], "a", 20);
  EXPECT_EQ(std::ranges::count(found, net[1].id, &PeerInfo::id), 1);
}

TEST(KadFind, a_peer_by_its_id) {
  KadNet net(60);
  std::vector<Multiaddr> found;
  net.world.run(net[0].finder.find_peer(net[40].id, [&](const PeerInfo& peer) {
    EXPECT_EQ(peer.id, net[40].id);
    found.insert(found.end(), peer.addresses.begin(), peer.addresses.end());
  }));
  EXPECT_EQ(found, std::vector{net[40].address()});
}

ValueRules longest_wins() {
  return {.valid = [](ByteView, ByteView value) { return !value.empty() && value[0] == 'v'; },
          .better = [](ByteView a, ByteView b) { return a.size() > b.size(); }};
}

TEST(KadFind, the_best_value_and_who_lacks_it) {
  KadNet net(60);
  const Bytes key = key_bytes("name");
  net.world.run(net[0].publisher.put_value(key, to_bytes("v1")));
  net.world.run_for(5s);
  const auto closest = net.closest(Key::of(key));
  closest[0]->values[key] = to_bytes("v222");
  closest[1]->values[key] = to_bytes("invalid and long");
  closest[2]->values.erase(key);
  const FoundValue found = net.world.run(net[0].finder.get_value(key, longest_wins(), 20));
  EXPECT_EQ(found.value, to_bytes("v222"));
  EXPECT_EQ(found.holders, 1u);
  EXPECT_GE(found.outdated.size(), 15u);
  net[0].publisher.put_value_on(found.outdated, key, *found.value);
  net.world.run_for(5s);
  EXPECT_EQ(closest[1]->values[key], to_bytes("v222"));
  EXPECT_EQ(closest[2]->values[key], to_bytes("v222"));
}

TEST(KadFind, a_value_stops_at_the_quorum) {
  KadNet net(100);
  const Bytes key = key_bytes("name");
  net.world.run(net[0].publisher.put_value(key, to_bytes("v1")));
  net.world.run_for(5s);
  for (auto& node : net.nodes) node->requests = 0;
  const FoundValue found = net.world.run(net[50].finder.get_value(key, longest_wins(), 3));
  EXPECT_EQ(found.value, to_bytes("v1"));
  EXPECT_EQ(found.holders, 3u);
}

TEST(KadFind, nothing_under_an_unknown_key) {
  KadNet net(30);
  const FoundValue found =
      net.world.run(net[0].finder.get_value(key_bytes("?"), longest_wins(), 3));
  EXPECT_EQ(found.value, std::nullopt);
  EXPECT_TRUE(providers_found(net, net[0], "?").empty());
}

}  // namespace
}  // namespace shoal::kad
