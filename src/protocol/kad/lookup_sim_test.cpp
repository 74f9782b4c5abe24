#include <gtest/gtest.h>

#include "protocol/kad/lookup_testing.h"

namespace shoal::kad {
namespace {

using testing::KadNet;
using testing::KadNode;
using testing::key_bytes;

Closest find(KadNet& net, const Bytes& key) {
  return net.world.run(net[0].finder.find_closest(key));
}

/// How many of the closest nodes that are up were found.
std::size_t right(KadNet& net, const Bytes& key, const Closest& found) {
  std::size_t out = 0;
  const auto end = found.peers.begin() + std::min<std::ptrdiff_t>(20, std::ssize(found.peers));
  for (const KadNode* node : net.closest(Key::of(key))) {
    out += std::count(found.peers.begin(), end, node->id) > 0 ? 1 : 0;
  }
  return out;
}

void take_offline(KadNet& net, unsigned percent) {
  for (std::size_t i = 1; i < net.nodes.size(); ++i) {
    if (i * 7 % 100 < percent) net[i].host.set_online(false);
  }
}

Task<void> find_quietly(Finder& finder, Bytes key) {
  co_await finder.find_closest(std::move(key));
}

TEST(KadLookup, finds_the_closest_of_50_nodes) {
  KadNet net(50);
  const Closest found = find(net, key_bytes("a"));
  EXPECT_EQ(right(net, key_bytes("a"), found), kReplication);
  EXPECT_LE(found.hops.size(), 49u);
  for (const Hop& hop : found.hops) EXPECT_LE(hop.round, 3u);
  EXPECT_EQ(net[0].table.alive.size(), found.hops.size());
}

TEST(KadLookup, finds_the_closest_of_500_nodes_in_few_hops) {
  KadNet net(500);
  for (const char* name : {"a", "b", "c"}) {
    const Closest found = find(net, key_bytes(name));
    EXPECT_EQ(right(net, key_bytes(name), found), kReplication);
    EXPECT_LE(found.hops.size(), 60u);
    for (const Hop& hop : found.hops) EXPECT_LE(hop.round, 4u);
  }
}

TEST(KadLookup, finds_the_closest_with_a_third_dead) {
  KadNet net(200);
  take_offline(net, 30);
  const Closest found = find(net, key_bytes("a"));
  EXPECT_GE(right(net, key_bytes("a"), found), kReplication - 2);
  EXPECT_LE(found.took, 5s);
  const Closest again = find(net, key_bytes("b"));
  EXPECT_GE(right(net, key_bytes("b"), again), kReplication - 2);
  EXPECT_LE(again.took, 2s);
}

TEST(KadLookup, silent_peers_do_not_hold_it_up) {
  KadNet net(100);
  for (std::size_t i = 1; i < 100; i += 4) net[i].delay = -1s;
  find(net, key_bytes("warm up"));
  const Closest found = find(net, key_bytes("a"));
  EXPECT_LE(found.took, 2s);
  EXPECT_GE(found.peers.size(), kReplication);
}

TEST(KadLookup, counts_the_answer_of_the_only_slow_peer) {
  KadNet net(2);
  net[1].delay = 2500ms;
  const Closest found = find(net, key_bytes("a"));
  EXPECT_EQ(found.peers, std::vector{net[1].id});
}

TEST(KadLookup, ends_when_everybody_is_dead) {
  KadNet net(30);
  take_offline(net, 100);
  const Closest found = find(net, key_bytes("a"));
  EXPECT_TRUE(found.peers.empty());
  EXPECT_LE(found.took, 15s);
  // It may be we who are offline.
  EXPECT_TRUE(net[0].table.dead.empty());
}

// E2: what answers name does not fill the peer store.
TEST(KadLookup, only_those_asked_get_into_the_peer_store) {
  KadNet net(3);
  std::uint32_t invented = 0;
  const auto invent = [&invented](Message& answer) {
    answer.closer.clear();
    for (std::size_t i = 0; i < Message::kMaxPeers; ++i) {
      answer.closer.push_back({.id = PeerId::decode(key_bytes(std::to_string(invented++))),
                               .addresses = {Multiaddr::parse("/ip4/203.0.113.9/tcp/1")}});
    }
  };
  net[1].twist = invent;
  net[2].twist = invent;
  const Closest found = find(net, key_bytes("a"));
  EXPECT_EQ(found.peers.size(), 2u);
  EXPECT_LE(net[0].swarm.peers().size(), found.hops.size());
  EXPECT_LE(found.hops.size(), 2 + 2 * (Query::kMaxUnconfirmed + Query::kMaxUnanswering));
}

TEST(KadLookup, leaves_nothing_behind_when_cancelled) {
  KadNet net(30);
  for (std::size_t i = 1; i < 30; ++i) net[i].delay = -1s;
  TaskGroup group(net.world.waits(), "test");
  group.spawn(find_quietly(net[0].finder, key_bytes("a")));
  net.world.run_for(200ms);
  net.world.run(group.stop());
  EXPECT_EQ(group.size(), 0u);
}

TEST(KadLookup, the_same_seed_gives_the_same_run) {
  const auto run = [](std::uint64_t seed) {
    KadNet net(60, seed);
    take_offline(net, 20);
    find(net, key_bytes("a"));
    return net.world.trace_hash();
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

}  // namespace
}  // namespace shoal::kad
