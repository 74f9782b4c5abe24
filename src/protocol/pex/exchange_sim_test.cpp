#include "protocol/pex/exchange.h"

#include <gtest/gtest.h>

#include <map>

#include "format/peer_record.h"
#include "net/swarm_testing.h"
#include "protocol/pex/roster.h"

namespace shoal::pex {
namespace {

using net::testing::TestNet;

Cid root_of(std::string_view text) {
  return Cid::v1(Codec::dag_pb, Multihash::sha2_256(to_bytes(text)));
}

/// Writes down what it is told.
struct Notes final : Exchange::Member {
  void asked(const PeerId& peer) override { askers.push_back(peer); }
  void answered(const PeerId& peer, bool whole) override { answers[peer] = whole; }
  void named(const Named& peer) override { names.push_back(peer); }
  void met(const PeerId& peer, bool connected) override { meetings[peer] = connected; }

  std::vector<PeerId> askers;
  std::map<PeerId, bool> answers;
  std::vector<Named> names;
  std::map<PeerId, bool> meetings;
};

struct Peer {
  Peer(TestNet& net, bool wishes_to_be_named = true)
      : node(net.add()), exchange(node.system, node.swarm, [this, wishes_to_be_named] {
          return wishes_to_be_named
                     ? seal_peer_record(node.identity, ++sealed, node.swarm.listen_addresses())
                     : Bytes();
        }) {}
  ~Peer() {
    scope.reset();
    node.host.world().run(exchange.stop());
    node.stop();
  }
  void join(const Cid& root, bool whole = false) { scope = exchange.join(root, whole, &notes); }
  void ask(Peer& other) {
    node.connect(other.node);
    scope->ask(other.node.id);
  }

  net::testing::TestNode& node;
  std::uint64_t sealed = 0;
  Notes notes;
  Exchange exchange;
  std::unique_ptr<Exchange::Scope> scope;
};

struct Exchanges : ::testing::Test {
  TestNet net;
  const Cid root = root_of("a tree");
};

TEST_F(Exchanges, getters_of_one_root_learn_of_each_other_from_the_sharer) {
  Peer sharer(net), one(net), other(net);
  sharer.join(root, true);
  one.join(root);
  other.join(root);
  one.ask(sharer);
  net.world.run_for(1s);
  EXPECT_TRUE(one.notes.answers.at(sharer.node.id));
  EXPECT_TRUE(one.notes.names.empty());
  other.ask(sharer);
  net.world.run_for(1s);
  ASSERT_EQ(one.notes.names.size(), 1U);
  ASSERT_EQ(other.notes.names.size(), 1U);
  EXPECT_EQ(one.notes.names[0].id, other.node.id);
  const PeerRecord record = open_peer_record(other.notes.names[0].record);
  EXPECT_EQ(record.id, one.node.id);
  EXPECT_FALSE(record.addresses.empty());
  EXPECT_EQ(sharer.notes.askers.size(), 2U);
}

TEST_F(Exchanges, nothing_is_told_about_a_root_that_is_not_served) {
  Peer sharer(net), one(net), other(net);
  sharer.join(root, true);
  one.join(root);
  other.join(root_of("another tree"));
  one.ask(sharer);
  other.ask(sharer);
  net.world.run_for(2s);
  EXPECT_TRUE(other.notes.answers.empty());
  EXPECT_TRUE(other.notes.names.empty());
  EXPECT_TRUE(one.notes.names.empty());
  EXPECT_EQ(sharer.notes.askers.size(), 1U);
}

TEST_F(Exchanges, one_that_does_not_wish_to_be_named_is_not) {
  Peer sharer(net), quiet(net, false), one(net);
  sharer.join(root, true);
  quiet.join(root);
  one.join(root);
  quiet.ask(sharer);
  one.ask(sharer);
  net.world.run_for(2s);
  EXPECT_TRUE(one.notes.names.empty());
  ASSERT_EQ(quiet.notes.names.size(), 1U);
  EXPECT_EQ(quiet.notes.names[0].id, one.node.id);
}

TEST_F(Exchanges, one_that_left_is_named_no_more_and_one_that_is_complete_says_so) {
  Peer sharer(net), gone(net), one(net), late(net);
  sharer.join(root);
  gone.join(root);
  one.join(root);
  late.join(root);
  gone.ask(sharer);
  one.ask(sharer);
  net.world.run_for(1s);
  EXPECT_FALSE(one.notes.answers.at(sharer.node.id));
  sharer.scope->set_whole();
  gone.scope.reset();
  gone.node.swarm.disconnect(sharer.node.id);
  net.world.run_for(1s);
  EXPECT_TRUE(one.notes.answers.at(sharer.node.id));
  late.ask(sharer);
  net.world.run_for(1s);
  ASSERT_EQ(late.notes.names.size(), 1U);
  EXPECT_EQ(late.notes.names[0].id, one.node.id);
}

TEST_F(Exchanges, meets_a_named_peer_only_where_it_said_itself_that_it_is) {
  Peer sharer(net), one(net), other(net);
  for (Peer* peer : {&sharer, &one, &other}) peer->join(root);
  one.ask(sharer);
  net.world.run_for(1s);
  other.ask(sharer);
  net.world.run_for(1s);
  Named forged = one.notes.names.at(0);
  forged.id = sharer.node.id;
  one.node.swarm.disconnect(sharer.node.id);
  net.world.run_for(1s);
  one.node.swarm.peers().remove_address(sharer.node.id, sharer.node.address());
  one.scope->meet(forged, {});
  one.scope->meet(one.notes.names[0], {});
  net.world.run_for(5s);
  EXPECT_FALSE(one.notes.meetings.at(sharer.node.id));
  EXPECT_TRUE(one.notes.meetings.at(other.node.id));
  EXPECT_EQ(other.notes.askers, std::vector{one.node.id});
}

TEST(PexRoster, tells_12_at_first_and_32_in_all_and_keeps_512) {
  TestNet net;
  Random& random = net.add().system.random;
  Roster roster;
  const auto id = [](std::uint32_t number) {
    return PeerId::from_public_key(net::testing::key_of(number).public_key());
  };
  for (std::uint32_t i = 0; i < Roster::kMaxPeers; ++i) roster.add(id(i), to_bytes("r"));
  roster.add(id(9999), to_bytes("r"));
  EXPECT_EQ(roster.size(), Roster::kMaxPeers);
  Roster::Told told;
  EXPECT_EQ(roster.news(id(1), told, random).size(), Roster::kMaxFirst);
  std::size_t later = 0;
  while (const std::size_t count = roster.news(id(1), told, random).size()) {
    EXPECT_LE(count, Roster::kMaxNews);
    later += count;
  }
  EXPECT_EQ(later, Roster::kMaxTold - Roster::kMaxFirst);
  EXPECT_TRUE(roster.news(id(1), told, random).empty());
  EXPECT_FALSE(told.peers.contains(id(1)));
}

}  // namespace
}  // namespace shoal::pex
