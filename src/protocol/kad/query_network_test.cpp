#include <gtest/gtest.h>

#include <string>

#include "protocol/kad/query.h"
#include "protocol/kad/query_testing.h"

// Whole lookups over scripted networks: what they find, how long it takes, and how many they ask.

namespace shoal::kad {
namespace {

using testing::numbered_peer;
using testing::ScriptedNetwork;
using testing::ScriptedPeer;

struct Runs {
  std::vector<Duration> took;
  std::size_t asks = 0;
  std::size_t missed = 0;  // of the closest that are alive
  std::size_t count = 0;

  Duration percentile(std::size_t percent) {
    std::ranges::sort(took);
    return took[std::min(took.size() - 1, took.size() * percent / 100)];
  }
};

Runs look_up(ScriptedNetwork& network, Rules rules, std::uint32_t count = 100) {
  RoundTrips round_trips;
  Runs out;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Key target = Key::of(as_bytes("target " + std::to_string(i)));
    Query query(target, network.peer(0).id, rules,
                [&](const PeerId& peer) { return round_trips.expect(peer, Contact::connected); });
    out.took.push_back(network.run(query, &round_trips));
    out.asks += query.ask_count();
    ++out.count;
    const auto found = query.closest(kReplication);
    for (const PeerId& peer : network.closest_alive(target)) {
      out.missed += std::ranges::count(found, peer) == 0 ? 1 : 0;
    }
  }
  return out;
}

void fall_silent(ScriptedPeer& peer) {
  peer.silent = true;
}
void poison(ScriptedPeer& peer) {
  peer.poisons = true;
}

TEST(QueryNetwork, finds_the_closest_of_50_and_500) {
  for (const std::uint32_t size : {50u, 500u}) {
    ScriptedNetwork network(size, 1);
    const Runs runs = look_up(network, {});
    EXPECT_EQ(runs.missed, 0u) << size;
    EXPECT_LE(runs.asks / runs.count, 40u) << size;
  }
}

TEST(QueryNetwork, a_third_dead_costs_less_than_a_fifth_of_usual) {
  ScriptedNetwork network(500, 2);
  network.make(30, fall_silent);
  Runs ours = look_up(network, {});
  Runs usual = look_up(network, Rules::usual());
  EXPECT_LE(5 * ours.percentile(95), usual.percentile(95));
  EXPECT_LE(ours.missed, usual.missed + ours.count * kReplication / 100);
}

TEST(QueryNetwork, a_fifth_dead_less_than_doubles_the_p95) {
  ScriptedNetwork network(500, 7);
  Runs healthy = look_up(network, {});
  network.make(20, fall_silent);
  Runs dead = look_up(network, {});
  EXPECT_LE(dead.percentile(95), 2 * healthy.percentile(95));
}

TEST(QueryNetwork, slow_peers_do_not_hold_up_the_others) {
  ScriptedNetwork network(500, 3);
  Runs healthy = look_up(network, {});
  network.make(10, [](ScriptedPeer& peer) { peer.round_trip = 4s; });
  Runs slow = look_up(network, {});
  EXPECT_LE(slow.percentile(50), 3 * healthy.percentile(50));
}

TEST(QueryNetwork, poisoners_neither_stop_it_nor_keep_it_alive) {
  ScriptedNetwork network(500, 4);
  network.make(10, poison);
  const Runs runs = look_up(network, {});
  EXPECT_LE(runs.missed, runs.count * kReplication / 20);
}

TEST(QueryNetwork, all_seeds_poison_and_it_still_ends) {
  ScriptedNetwork network(500, 5);
  network.make(100, poison);
  const Key target = Key::of(as_bytes("target"));
  Query query(target, network.peer(0).id, {}, testing::fixed_patience);
  network.run(query);
  EXPECT_TRUE(query.done());
  EXPECT_LE(query.ask_count(), Rules{}.max_asks);
}

TEST(QueryNetwork, the_same_network_gives_the_same_lookup) {
  const auto way = [] {
    ScriptedNetwork network(300, 6);
    network.make(30, fall_silent);
    Query query(Key::of(as_bytes("x")), network.peer(0).id, {}, testing::fixed_patience);
    network.run(query);
    std::vector<PeerId> peers;
    for (const Hop& hop : query.hops()) peers.push_back(hop.peer);
    return peers;
  };
  EXPECT_EQ(way(), way());
}

}  // namespace
}  // namespace shoal::kad
