#include <gtest/gtest.h>

#include "base/error.h"
#include "protocol/gossipsub/router_testing.h"

namespace shoal::gossipsub {
namespace {

using testing::kTopic;
using testing::only;
using testing::peer_of;
using testing::RouterUnderTest;
using testing::told;

TEST(GossipsubMesh, join_announces_and_grafts_d_peers) {
  RouterUnderTest test;
  test.connect_many(20);
  test.act();
  test.join();
  const auto actions = test.act();
  EXPECT_EQ(test.mesh().size(), 6U);
  for (unsigned peer = 1; peer <= 20; ++peer) {
    const Rpc rpc = told(actions, peer);
    EXPECT_EQ(rpc.subscriptions, (std::vector<SubscriptionChange>{{true, kTopic}}));
    EXPECT_EQ(rpc.control.graft.size(), test.in_mesh(peer) ? 1U : 0U);
  }
}

TEST(GossipsubMesh, tells_a_new_peer_its_topics) {
  RouterUnderTest test;
  test.join();
  test.act();
  test.connect(1, Version::floodsub);
  EXPECT_EQ(told(test.act(), 1).subscriptions, (std::vector<SubscriptionChange>{{true, kTopic}}));
}

TEST(GossipsubMesh, leave_prunes_with_the_short_backoff) {
  RouterUnderTest test;
  test.connect_many(3);
  test.join();
  test.act();
  test.router.leave(kTopic, test.now);
  const auto actions = test.act();
  for (unsigned peer = 1; peer <= 3; ++peer) {
    const Rpc rpc = told(actions, peer);
    EXPECT_EQ(rpc.subscriptions, (std::vector<SubscriptionChange>{{false, kTopic}}));
    ASSERT_EQ(rpc.control.prune.size(), 1U);
    EXPECT_EQ(rpc.control.prune[0].backoff_seconds, 10U);
  }
  // Joined again within the backoff, nobody is grafted; after it and the slack, they are.
  test.join();
  EXPECT_TRUE(test.mesh().empty());
  for (int i = 0; i < 11; ++i) test.beat();
  EXPECT_TRUE(test.mesh().empty());
  test.beat();
  EXPECT_EQ(test.mesh().size(), 3U);
}

TEST(GossipsubMesh, heartbeat_fills_below_d_low_only) {
  RouterUnderTest test;
  test.join();
  test.connect_many(5);
  for (unsigned peer = 1; peer <= 5; ++peer) test.say_graft(peer);
  for (unsigned peer = 6; peer <= 20; ++peer) {
    test.connect(peer, Version::v1_2, true);
    test.say_subscribed(peer);
  }
  test.act();
  ASSERT_EQ(test.mesh().size(), 5U);
  test.say_prune(1);
  test.beat();
  EXPECT_EQ(test.mesh().size(), 6U);
  EXPECT_FALSE(test.in_mesh(1));
}

TEST(GossipsubMesh, heartbeat_cuts_above_d_high_to_d) {
  RouterUnderTest test;
  test.join();
  test.connect_many(13, Version::v1_2, true);
  for (unsigned peer = 1; peer <= 12; ++peer) test.say_graft(peer);
  test.beat();
  EXPECT_EQ(test.mesh().size(), 12U);
  test.say_graft(13);
  test.act();
  test.beat();
  EXPECT_EQ(test.mesh().size(), 6U);
  const auto actions = test.act();
  for (unsigned peer = 1; peer <= 13; ++peer) {
    EXPECT_EQ(told(actions, peer).control.prune.size(), test.in_mesh(peer) ? 0U : 1U);
  }
}

TEST(GossipsubMesh, a_cut_keeps_the_best_and_d_out) {
  RouterUnderTest test;
  test.join();
  test.connect_many(12);
  for (unsigned peer = 1; peer <= 12; ++peer) test.say_graft(peer);
  for (unsigned peer = 13; peer <= 14; ++peer) {
    test.connect(peer, Version::v1_2, true);
    test.say_graft(peer);
  }
  for (unsigned peer = 1; peer <= 4; ++peer) {
    test.router.set_application_score(peer_of(peer), 100 - peer);
  }
  test.beat();
  EXPECT_EQ(test.mesh().size(), 6U);
  for (unsigned peer : {1U, 2U, 3U, 4U, 13U, 14U}) EXPECT_TRUE(test.in_mesh(peer)) << peer;
}

TEST(GossipsubMesh, a_full_mesh_takes_only_peers_we_dialled) {
  RouterUnderTest test;
  test.join();
  test.connect_many(13);
  for (unsigned peer = 1; peer <= 12; ++peer) test.say_graft(peer);
  test.act();
  test.say_graft(13);
  EXPECT_EQ(told(test.act(), 13).control.prune.size(), 1U);
  EXPECT_FALSE(test.in_mesh(13));
  test.connect(14, Version::v1_2, true);
  test.say_graft(14);
  EXPECT_TRUE(test.in_mesh(14));
}

TEST(GossipsubMesh, heartbeat_adds_peers_we_dialled_up_to_d_out) {
  RouterUnderTest test;
  test.join();
  test.connect_many(6);
  for (unsigned peer = 1; peer <= 6; ++peer) test.say_graft(peer);
  for (unsigned peer = 7; peer <= 10; ++peer) {
    test.connect(peer, Version::v1_2, true);
    test.say_subscribed(peer);
  }
  test.beat();
  EXPECT_EQ(test.mesh().size(), 8U);
}

TEST(GossipsubMesh, heartbeat_adds_no_peer_that_left) {
  RouterUnderTest test;
  test.join();
  test.connect_many(6);
  for (unsigned peer = 1; peer <= 6; ++peer) test.say_graft(peer);
  for (unsigned peer = 7; peer <= 9; ++peer) {
    test.connect(peer, Version::v1_2, true);
    test.say_subscribed(peer);
  }
  test.say_subscribed(7, kTopic, false);
  test.router.disconnected(peer_of(8), test.now);
  test.beat();
  EXPECT_EQ(test.mesh().size(), 7U);
  EXPECT_TRUE(test.in_mesh(9));
}

TEST(GossipsubMesh, peers_with_negative_score_are_pruned_and_refused) {
  RouterUnderTest test;
  test.join();
  test.connect_many(2);
  test.say_graft(1);
  test.say_graft(2);
  test.act();
  test.router.set_application_score(peer_of(1), -1);
  test.beat();
  EXPECT_EQ(told(test.act(), 1).control.prune.size(), 1U);
  EXPECT_FALSE(test.in_mesh(1));
  EXPECT_TRUE(test.in_mesh(2));
  test.connect(3);
  test.router.set_application_score(peer_of(3), -1);
  test.say_graft(3);
  EXPECT_EQ(told(test.act(), 3).control.prune.size(), 1U);
  EXPECT_FALSE(test.in_mesh(3));
}

TEST(GossipsubMesh, obeys_the_backoff_of_a_prune) {
  RouterUnderTest test;
  test.join();
  test.connect_many(1);
  test.say_graft(1);
  test.say_prune(1, 5);
  for (int i = 0; i < 6; ++i) test.beat();
  EXPECT_FALSE(test.in_mesh(1));
  test.beat();
  EXPECT_TRUE(test.in_mesh(1));
}

TEST(GossipsubMesh, a_backoff_is_an_hour_at_most) {
  RouterUnderTest test;
  test.join();
  test.connect_many(1);
  test.say_graft(1);
  test.say_prune(1, ~std::uint64_t{0});
  test.now += Backoffs::kMaxBackoff;
  test.router.heartbeat(test.now);
  EXPECT_FALSE(test.in_mesh(1));
  test.beat();
  test.beat();
  EXPECT_TRUE(test.in_mesh(1));
}

TEST(GossipsubMesh, ignores_grafts_for_foreign_topics) {
  RouterUnderTest test;
  test.join();
  test.connect_many(1);
  test.act();
  test.say_graft(1, "vegetables");
  EXPECT_TRUE(test.act().empty());
}

TEST(GossipsubMesh, floodsub_peers_are_in_no_mesh) {
  RouterUnderTest test;
  test.join();
  test.connect_many(3, Version::floodsub);
  test.say_graft(1);
  test.beat();
  EXPECT_TRUE(test.mesh().empty());
}

TEST(GossipsubMesh, unsubscribing_and_leaving_peers_drop_out) {
  RouterUnderTest test;
  test.join();
  test.connect_many(2);
  test.say_graft(1);
  test.say_graft(2);
  test.say_subscribed(1, kTopic, false);
  EXPECT_FALSE(test.in_mesh(1));
  test.router.disconnected(peer_of(2), test.now);
  EXPECT_TRUE(test.mesh().empty());
}

TEST(GossipsubMesh, a_poor_mesh_is_improved_every_60_heartbeats) {
  Parameters parameters;
  parameters.score.other_topics.time_in_mesh_weight = 0;
  RouterUnderTest test(parameters);
  test.join();
  test.connect_many(6);
  for (unsigned peer = 1; peer <= 6; ++peer) test.say_graft(peer);
  test.connect(7);
  test.say_subscribed(7);
  test.router.set_application_score(peer_of(7), 5);
  for (int i = 0; i < 59; ++i) test.beat();
  EXPECT_FALSE(test.in_mesh(7));
  test.beat();
  EXPECT_TRUE(test.in_mesh(7));
}

TEST(GossipsubMesh, a_peer_has_128_topics_at_most) {
  RouterUnderTest test;
  test.connect(1);
  for (std::size_t i = 0; i <= Peer::kMaxTopics; ++i) test.say_subscribed(1, std::to_string(i));
  EXPECT_EQ(test.router.overlay().topics().size(), Peer::kMaxTopics);
  // One given up makes room for another, and a topic ends with its last peer.
  test.say_subscribed(1, "0", false);
  test.say_subscribed(1, "more");
  EXPECT_NE(test.router.overlay().find("more"), nullptr);
  test.router.disconnected(peer_of(1), test.now);
  EXPECT_TRUE(test.router.overlay().topics().empty());
}

TEST(GossipsubMesh, foreign_topics_are_bounded_over_all_peers) {
  RouterUnderTest test;
  const auto peers = static_cast<unsigned>(Overlay::kMaxForeignTopics / Peer::kMaxTopics) + 1;
  for (unsigned peer = 1; peer <= peers; ++peer) {
    test.connect(peer);
    Rpc rpc;
    for (std::size_t i = 0; i < Peer::kMaxTopics; ++i) {
      rpc.subscriptions.push_back({true, std::to_string(peer) + "/" + std::to_string(i)});
    }
    test.receive(peer, rpc);
  }
  EXPECT_EQ(test.router.overlay().topics().size(), Overlay::kMaxForeignTopics);
  // Our own topic is always possible.
  test.join();
  EXPECT_TRUE(test.router.overlay().is_joined(kTopic));
}

TEST(GossipsubMesh, exchanged_peers_are_dialled_when_the_score_allows) {
  RouterUnderTest test;
  test.join();
  test.connect_many(2);
  test.act();
  Rpc rpc;
  rpc.control.prune.push_back({.topic = kTopic, .peers = {}, .backoff_seconds = 60});
  auto& exchanged = rpc.control.prune[0].peers;
  exchanged.push_back({to_bytes(peer_of(77).encoded()), to_bytes("record")});
  exchanged.push_back({to_bytes(peer_of(2).encoded()), {}});  // connected already
  exchanged.push_back({to_bytes(peer_of(RouterUnderTest::kSelf).encoded()), {}});
  exchanged.push_back({to_bytes("no peer id"), {}});
  test.receive(1, rpc);
  EXPECT_TRUE(only<Dial>(test.act()).empty());
  test.router.set_application_score(peer_of(1), 10);
  test.receive(1, rpc);
  const auto dials = only<Dial>(test.act());
  ASSERT_EQ(dials.size(), 1U);
  EXPECT_EQ(dials[0].peer, peer_of(77));
  EXPECT_EQ(as_text(dials[0].signed_record), "record");
}

TEST(GossipsubMesh, names_other_peers_when_it_prunes_if_told_to) {
  Parameters parameters;
  parameters.peer_exchange = true;
  RouterUnderTest test(parameters);
  test.join();
  test.connect_many(30, Version::v1_2, true);
  for (unsigned peer = 1; peer <= 13; ++peer) test.say_graft(peer);
  test.act();
  test.beat();
  std::size_t pruned = 0;
  for (const SendControl& send : only<SendControl>(test.act())) {
    for (const Prune& prune : send.rpc.control.prune) {
      ++pruned;
      EXPECT_EQ(prune.peers.size(), 16U);
    }
  }
  EXPECT_EQ(pruned, 7U);
}

TEST(GossipsubMesh, direct_peers_are_dialled_and_in_no_mesh) {
  Parameters parameters;
  parameters.direct_peers = {peer_of(1)};
  RouterUnderTest test(parameters);
  test.join();
  test.beat();
  EXPECT_EQ(only<Dial>(test.act()).size(), 1U);
  test.connect_many(1);
  test.beat();
  EXPECT_TRUE(test.mesh().empty());
  test.act();
  test.say_graft(1);
  EXPECT_EQ(told(test.act(), 1).control.prune.size(), 1U);
  test.router.publish(testing::stored(testing::message_of(5, 1)), test.now);
  EXPECT_EQ(only<SendMessage>(test.act()).size(), 1U);
}

TEST(GossipsubMesh, parameters_that_contradict_are_refused) {
  const auto refused = [](auto change) {
    Parameters parameters;
    change(parameters);
    try {
      parameters.validate();
    } catch (const Error& error) {
      return error.code() == ErrorCode::usage;
    }
    return false;
  };
  EXPECT_FALSE(refused([](Parameters&) {}));
  EXPECT_FALSE(refused([](Parameters& p) { p.d = p.d_low = p.d_high = p.d_out = p.d_score = 0; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.d_low = 7; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.d_out = 4; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.gossip_heartbeats = 6; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.score.thresholds.graylist = -1; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.score.behaviour_weight = 1; }));
  EXPECT_TRUE(refused([](Parameters& p) { p.score.behaviour_decay = 1; }));
}

}  // namespace
}  // namespace shoal::gossipsub
