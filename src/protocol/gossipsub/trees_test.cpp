#include "protocol/gossipsub/trees.h"

#include <gtest/gtest.h>

#include "protocol/gossipsub/router_testing.h"

namespace shoal::gossipsub {
namespace {

using testing::kTopic;
using testing::message_of;
using testing::only;
using testing::peer_of;
using testing::RouterUnderTest;
using testing::stored;
using testing::told;

/// A router with some peers, all in its mesh.
class GossipsubTrees : public ::testing::Test {
 protected:
  void begin(unsigned peers, Parameters parameters = {}) {
    test.emplace(std::move(parameters));
    test->join();
    for (unsigned peer = 1; peer <= peers; ++peer) {
      test->connect_with_trees(peer);
      test->say_graft(peer);
    }
    test->act();
  }
  /// Peers that we dialled, in the topic.
  void begin_dialled(const std::vector<unsigned>& peers) {
    for (const unsigned peer : peers) test->connect_with_trees(peer, true);
    test->act();
  }
  /// Message `number` of author 9 comes from `peer`; what the router does.
  std::vector<Action> send(unsigned peer, std::uint64_t number) {
    test->send_message(peer, message_of(9, number));
    return finish();
  }
  std::vector<Action> finish() {
    std::vector<Action> out = test->act();
    for (const Verify& check : only<Verify>(out)) {
      test->router.verified(check.ticket, true, test->now);
    }
    for (Action& action : test->act()) out.push_back(std::move(action));
    return out;
  }
  static bool is_sent_to(const std::vector<Action>& actions, unsigned peer) {
    for (const SendMessage& each : only<SendMessage>(actions)) {
      if (each.peer == peer_of(peer)) return true;
    }
    return false;
  }
  static MessageId id(std::uint64_t number) { return default_message_id(message_of(9, number)); }
  TreeKey tree() const { return tree_of(message_of(9, 1)); }

  std::optional<RouterUnderTest> test;
};

TEST_F(GossipsubTrees, says_so_in_the_first_rpc_of_version_1_3_only) {
  for (const Version version : {Version::v1_2, Version::v1_3}) {
    RouterUnderTest each;
    each.join();
    each.connect(1, version);
    const auto said = told(each.act(), 1).control.extensions;
    EXPECT_EQ(said.has_value() && said->trees, version == Version::v1_3);
    each.say_trees(1);
    EXPECT_EQ(each.router.peers().at(peer_of(1)).trees, version == Version::v1_3);
  }
}

TEST_F(GossipsubTrees, are_not_used_unless_both_ends_say_so) {
  Parameters off;
  off.trees = false;
  begin(1, off);
  EXPECT_FALSE(test->router.peers().at(peer_of(1)).trees);
  begin(0);
  test->connect(1, Version::v1_3);
  test->say_subscribed(1);
  test->say_trees(1);  // not in its first RPC
  EXPECT_FALSE(test->router.peers().at(peer_of(1)).trees);
}

TEST_F(GossipsubTrees, choke_who_sends_a_copy) {
  begin(3);
  EXPECT_TRUE(told(send(1, 1), 1).trees.empty());
  EXPECT_EQ(told(send(2, 1), 2).trees.choke, std::vector<TreeKey>{tree()});
  EXPECT_FALSE(is_sent_to(send(1, 2), 2)) << "it has another way";
}

TEST_F(GossipsubTrees, send_ids_to_who_choked_and_copies_to_others) {
  begin(3);
  test->say(2, {.choke = {tree()}});
  const auto actions = send(1, 1);
  EXPECT_FALSE(is_sent_to(actions, 2));
  EXPECT_TRUE(is_sent_to(actions, 3));
  const TreeMessages expected{.announce = {{kTopic, {id(1)}}}};
  EXPECT_EQ(told(actions, 2).trees, expected);
  test->say(2, {.unchoke = {tree()}});
  EXPECT_TRUE(is_sent_to(send(1, 2), 2));
}

TEST_F(GossipsubTrees, do_not_choke_other_authors) {
  begin(2);
  test->say(2, {.choke = {tree_of(message_of(8, 1))}});
  EXPECT_TRUE(is_sent_to(send(1, 1), 2));
}

TEST_F(GossipsubTrees, ask_for_what_was_announced_and_did_not_come) {
  begin(3);
  test->say_announced(2, {id(1)});
  test->pass(Trees::kRepairDelay - 1ms);
  EXPECT_TRUE(test->act().empty());
  test->pass(1ms);
  EXPECT_EQ(told(test->act(), 2).control.iwant, std::vector<MessageId>{id(1)});
  EXPECT_EQ(told(send(2, 1), 2).trees.unchoke, std::vector<TreeKey>{tree()});
}

TEST_F(GossipsubTrees, do_not_ask_for_what_came_meanwhile) {
  begin(3);
  test->say_announced(2, {id(1)});
  const auto actions = send(1, 1);
  EXPECT_FALSE(is_sent_to(actions, 2)) << "it has the message";
  test->pass(1s);
  EXPECT_TRUE(told(test->act(), 2).control.iwant.empty());
}

TEST_F(GossipsubTrees, ask_the_next_when_the_first_does_not_answer) {
  begin(3);
  begin_dialled({4, 5});
  test->say_announced(4, {id(1)});
  test->say_announced(5, {id(1)});
  test->pass(Trees::kRepairDelay);
  const auto first = test->act();
  EXPECT_EQ(told(first, 4).control.iwant.size(), 1U);
  EXPECT_EQ(told(first, 5).control.iwant.size(), 0U);
  test->pass(Repairs::kMostRetryDelay);
  EXPECT_EQ(told(test->act(), 5).control.iwant.size(), 1U);
  test->pass(10s);
  EXPECT_EQ(test->router.trees().missing(), 0U);
}

TEST_F(GossipsubTrees, ask_more_at_once_when_nobody_answers) {
  begin(8);
  for (unsigned peer = 1; peer <= 8; ++peer) test->say_announced(peer, {id(1)});
  test->pass(Trees::kRepairDelay);
  std::size_t asked = 0;
  for (const std::size_t expected : {2U, 4U, 8U}) {
    for (const SendControl& each : only<SendControl>(test->act())) {
      asked += each.rpc.control.iwant.size();
    }
    EXPECT_EQ(asked, expected);
    test->pass(Repairs::kMostRetryDelay);
  }
}

TEST_F(GossipsubTrees, ask_an_announcer_that_comes_after_many_liars) {
  constexpr unsigned kLast = Repairs::kMaxAnnouncers + 1;
  begin(kLast);
  for (unsigned peer = 1; peer < kLast; ++peer) test->say_announced(peer, {id(1)});
  test->pass(Trees::kRepairDelay);
  test->act();
  test->say_announced(kLast, {id(1)});
  test->router.set_application_score(peer_of(kLast), 5);
  test->pass(Repairs::kMostRetryDelay);
  EXPECT_EQ(told(test->act(), kLast).control.iwant.size(), 1U);
}

TEST_F(GossipsubTrees, liars_do_not_keep_out_an_announcer_that_we_dialled) {
  begin(Repairs::kMaxAnnouncers);
  begin_dialled({20});
  for (unsigned peer = 1; peer <= Repairs::kMaxAnnouncers; ++peer) {
    test->say_announced(peer, {id(1)});
  }
  test->say_announced(20, {id(1)});
  test->pass(Trees::kRepairDelay);
  const auto actions = test->act();
  EXPECT_EQ(told(actions, 20).control.iwant.size(), 1U);
  EXPECT_EQ(only<SendControl>(actions).size(), 1U) << "nobody else is asked";
}

TEST_F(GossipsubTrees, ask_others_as_soon_as_answers_mostly_come) {
  begin(0);
  begin_dialled({1, 2});
  for (std::uint64_t number = 1; number <= 10; ++number) {
    test->say_announced(1, {id(number)});
    test->pass(Trees::kRepairDelay + 30ms);
    send(1, number);
  }
  test->say_announced(1, {id(11)});
  test->say_announced(2, {id(11)});
  test->pass(Trees::kRepairDelay);
  const bool one_first = !told(test->act(), 1).control.iwant.empty();
  test->pass(Repairs::kLeastRetryDelay);
  EXPECT_EQ(told(test->act(), one_first ? 2 : 1).control.iwant.size(), 1U);
}

TEST_F(GossipsubTrees, ask_the_peer_with_the_best_score_first) {
  begin(3);
  test->router.set_application_score(peer_of(2), 5);
  test->router.set_application_score(peer_of(3), 5);
  for (const unsigned peer : {1U, 2U, 3U}) test->say_announced(peer, {id(1)});
  test->pass(Trees::kRepairDelay);
  const auto actions = test->act();
  EXPECT_EQ(told(actions, 1).control.iwant.size(), 0U);
  EXPECT_EQ(told(actions, 2).control.iwant.size(), 1U);
  EXPECT_EQ(told(actions, 3).control.iwant.size(), 1U);
}

TEST_F(GossipsubTrees, reach_peers_that_we_dialled_outside_of_a_crowded_mesh) {
  Parameters parameters;
  parameters.d_out = 0;
  begin(static_cast<unsigned>(parameters.d_high), parameters);
  begin_dialled({20, 21});
  test->beat();
  test->act();
  ASSERT_FALSE(test->in_mesh(20) || test->in_mesh(21));
  const auto actions = send(1, 1);
  EXPECT_TRUE(is_sent_to(actions, 20));
  EXPECT_TRUE(is_sent_to(actions, 21));
  test->say(20, {.choke = {tree()}});
  EXPECT_FALSE(is_sent_to(send(1, 2), 20));
}

TEST_F(GossipsubTrees, send_to_so_many_that_we_dialled_and_no_more) {
  Parameters parameters;
  begin(0, parameters);
  std::vector<unsigned> many;
  for (unsigned peer = 1; peer <= 30; ++peer) many.push_back(peer);
  begin_dialled(many);
  for (unsigned peer = 1; peer <= 30; ++peer) test->say_prune(peer);  // no mesh
  test->beat();
  test->act();
  ASSERT_TRUE(test->mesh().empty());
  test->connect_with_trees(31);
  EXPECT_EQ(only<SendMessage>(send(31, 1)).size(), parameters.d_dialled);
}

TEST_F(GossipsubTrees, reach_some_whom_a_full_mesh_did_not_take) {
  Parameters parameters;
  const auto full = static_cast<unsigned>(parameters.d_high);
  const auto more = static_cast<unsigned>(Overlay::kMaxTurnedAway) + 4;
  begin(full + more, parameters);
  ASSERT_EQ(test->mesh().size(), full);
  const auto sent = only<SendMessage>(send(1, 1));
  EXPECT_EQ(sent.size(), full - 2 + Overlay::kMaxTurnedAway) << "all but sender and author";
  test->router.disconnected(sent.front().peer, test->now);
  EXPECT_EQ(only<SendMessage>(send(1, 2)).size(), sent.size() - 1);
}

/// Peer 1 is the way, and announces where it should send.
class GossipsubFailingParent : public GossipsubTrees {
 protected:
  void SetUp() override {
    begin(4);
    for (const unsigned peer : {1U, 2U, 3U}) send(peer, 1);
    test->say_announced(1, {id(2)});
    test->say_announced(2, {id(2)});
    test->pass(Trees::kRepairDelay);
    test->act();
  }
};

TEST_F(GossipsubFailingParent, makes_everybody_send_again) {
  send(2, 2);
  test->pass(Parents::kGrace);
  const auto actions = test->act();
  EXPECT_EQ(told(actions, 3).trees, (TreeMessages{.unchoke = {tree()}, .renewed = true}));
  EXPECT_TRUE(told(actions, 1).trees.unchoke.empty());
}

TEST_F(GossipsubFailingParent, is_cleared_by_a_copy_that_is_only_late) {
  send(2, 2);
  send(1, 2);
  test->pass(Parents::kGrace);
  EXPECT_TRUE(told(test->act(), 3).trees.unchoke.empty());
}

TEST_F(GossipsubFailingParent, is_not_relied_upon_when_it_is_the_first_again) {
  send(2, 2);
  test->pass(Parents::kGrace);
  test->act();
  send(1, 3);
  const auto actions = send(3, 3);
  EXPECT_TRUE(told(actions, 3).trees.choke.empty());
  EXPECT_EQ(told(actions, 1).trees.choke, std::vector<TreeKey>{tree()});
  EXPECT_EQ(told(send(2, 3), 2).trees.choke, std::vector<TreeKey>{tree()}) << "one is enough";
}

TEST_F(GossipsubFailingParent, is_forgiven_in_time) {
  send(2, 2);
  test->pass(Parents::kGrace);
  test->pass(Parents::kDistrust);
  test->act();
  send(1, 3);
  EXPECT_EQ(told(send(3, 3), 3).trees.choke, std::vector<TreeKey>{tree()});
}

TEST_F(GossipsubFailingParent, does_not_make_trees_anew_all_the_time) {
  send(2, 2);
  test->pass(Parents::kGrace);
  test->act();
  send(3, 2);  // choked once more
  test->say_announced(2, {id(3)});
  test->say_announced(3, {id(3)});
  test->pass(Trees::kRepairDelay);
  test->act();
  send(3, 3);
  send(4, 3);
  test->pass(Parents::kGrace);
  EXPECT_TRUE(told(test->act(), 4).trees.unchoke.empty());
}

TEST_F(GossipsubTrees, are_made_anew_with_those_of_a_neighbour_and_nobody_is_told) {
  begin(3);
  for (const unsigned peer : {1U, 2U}) send(peer, 1);
  test->say(3, {.renewed = true});
  EXPECT_EQ(told(test->act(), 2).trees, (TreeMessages{.unchoke = {tree()}}));
  send(2, 1);  // choked once more
  test->say(1, {.renewed = true});
  EXPECT_TRUE(told(test->act(), 2).trees.unchoke.empty()) << "not all the time";
}

TEST_F(GossipsubTrees, unchoke_an_announcer_that_is_much_earlier) {
  begin(3);
  send(1, 1);
  send(2, 1);
  test->say_announced(2, {id(2)});
  test->pass(Trees::kBetterBy);
  EXPECT_EQ(told(send(1, 2), 2).trees.unchoke, std::vector<TreeKey>{tree()});
  test->say_announced(2, {id(3)});
  test->pass(Trees::kBetterBy - 1ms);
  EXPECT_TRUE(told(send(1, 3), 2).trees.unchoke.empty());
}

TEST_F(GossipsubTrees, unsigned_messages_go_as_before) {
  Parameters parameters;
  parameters.signature_policy = SignaturePolicy::strict_no_sign;
  begin(3, parameters);
  const Message message = anonymous_message(kTopic, to_bytes("x"));
  test->say(2, {.choke = {tree_of(message)}});
  test->send_message(1, message);
  EXPECT_TRUE(is_sent_to(finish(), 2));
}

TEST_F(GossipsubTrees, a_repair_that_is_promised_and_not_given_costs_score) {
  begin(2);
  for (std::uint64_t i = 0; i < 10; ++i) {
    test->say_announced(1, {id(i)});
    test->pass(Trees::kRepairDelay);
  }
  for (int i = 0; i < 4; ++i) test->beat();
  EXPECT_LT(test->router.score(peer_of(1)), 0);
}

TEST_F(GossipsubTrees, announcements_are_bounded) {
  begin(2);
  for (int round = 0; round < 20; ++round) {
    std::vector<MessageId> ids;
    for (int i = 0; i < 1000; ++i) ids.push_back(std::to_string(round) + "/" + std::to_string(i));
    test->say_announced(1, ids);
  }
  EXPECT_EQ(test->router.trees().missing(), Repairs::kMaxMessages);
  test->pass(10s);
  EXPECT_EQ(test->router.trees().missing(), 0U);
}

TEST_F(GossipsubTrees, chokes_are_bounded) {
  begin(1);
  for (TreeKey key = 1; key <= 10 * TreeKeys::kMaxKeys; ++key) test->say(1, {.choke = {key}});
  EXPECT_EQ(test->router.peers().at(peer_of(1)).chokes_us.size(), TreeKeys::kMaxKeys);
}

TEST_F(GossipsubTrees, nothing_is_asked_of_who_left) {
  begin(2);
  test->say_announced(1, {id(1)});
  test->router.disconnected(peer_of(1), test->now);
  test->pass(1s);
  EXPECT_TRUE(only<SendControl>(test->act()).empty());
}

TEST_F(GossipsubTrees, an_announcement_counts_as_a_delivery_of_who_was_choked) {
  Parameters parameters;
  parameters.score.other_topics.mesh_deliveries_weight = -1;
  parameters.score.other_topics.mesh_failure_weight = -1;
  parameters.score.other_topics.mesh_deliveries_threshold = 1;
  begin(3, parameters);
  send(1, 1);
  send(2, 1);
  for (std::uint64_t number = 2; number < 10; ++number) {
    send(1, number);
    test->say_announced(2, {id(number)});
    test->beat();
  }
  EXPECT_GE(test->router.score(peer_of(2)), 0);
  EXPECT_LT(test->router.score(peer_of(3)), 0);
}

}  // namespace
}  // namespace shoal::gossipsub
