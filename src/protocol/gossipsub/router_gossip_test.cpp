#include <gtest/gtest.h>

#include "base/error.h"
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

std::set<PeerId> receivers(const std::vector<Action>& actions) {
  std::set<PeerId> out;
  for (const SendMessage& send : only<SendMessage>(actions)) {
    EXPECT_TRUE(out.insert(send.peer).second) << "sent twice";
  }
  return out;
}

/// Answers every Verify; the actions that follow.
std::vector<Action> verify_all(RouterUnderTest& test, bool valid = true) {
  std::vector<Action> out;
  for (const Verify& check : only<Verify>(test.act())) {
    test.router.verified(check.ticket, valid, test.now);
  }
  for (Action& action : test.act()) out.push_back(std::move(action));
  return out;
}

TEST(GossipsubMessages, delivers_once_and_forwards_to_the_rest_of_the_mesh) {
  RouterUnderTest test;
  test.join();
  test.connect_many(4);
  for (unsigned peer = 1; peer <= 4; ++peer) test.say_graft(peer);
  test.act();
  // From 1, by 2: neither gets it back.
  test.send_message(1, message_of(2, 1));
  const auto actions = verify_all(test);
  EXPECT_EQ(only<Deliver>(actions).size(), 1U);
  EXPECT_EQ(receivers(actions), (std::set<PeerId>{peer_of(3), peer_of(4)}));
  test.send_message(3, message_of(2, 1));
  EXPECT_TRUE(test.act().empty());
  EXPECT_EQ(test.router.counts().duplicates, 1U);
}

TEST(GossipsubMessages, seen_messages_are_remembered_for_two_minutes) {
  RouterUnderTest test;
  test.join();
  test.connect_many(1);
  test.act();
  test.send_message(1, message_of(2, 1));
  EXPECT_EQ(only<Deliver>(verify_all(test)).size(), 1U);
  test.now += 2min - 1ns;
  test.send_message(1, message_of(2, 1));
  EXPECT_TRUE(only<Verify>(test.act()).empty());
  test.now += 1ns;
  test.send_message(1, message_of(2, 1));
  EXPECT_EQ(only<Verify>(test.act()).size(), 1U);
}

TEST(GossipsubMessages, the_same_bytes_are_checked_once) {
  RouterUnderTest test;
  test.join();
  test.connect_many(3);
  for (unsigned peer = 1; peer <= 3; ++peer) test.say_graft(peer);
  test.act();
  test.send_message(1, message_of(9, 1));
  test.send_message(2, message_of(9, 1));
  const auto actions = verify_all(test);
  EXPECT_EQ(only<Deliver>(actions).size(), 1U);
  EXPECT_EQ(receivers(actions), (std::set<PeerId>{peer_of(3)}));
}

TEST(GossipsubMessages, a_forged_message_does_not_hide_the_real_one) {
  RouterUnderTest test;
  test.join();
  test.connect_many(2);
  test.act();
  Message forged = message_of(9, 1);
  forged.data = to_bytes("lies");
  test.send_message(1, forged);
  const auto forgery = only<Verify>(test.act());
  ASSERT_EQ(forgery.size(), 1U);
  test.send_message(2, message_of(9, 1));
  EXPECT_EQ(only<Deliver>(verify_all(test)).size(), 1U);
  test.router.verified(forgery[0].ticket, false, test.now);
  EXPECT_TRUE(only<Deliver>(test.act()).empty());
  EXPECT_LT(test.router.score(peer_of(1)), 0);
  EXPECT_GE(test.router.score(peer_of(2)), 0);
}

TEST(GossipsubMessages, unsigned_messages_cost_score) {
  RouterUnderTest test;
  test.join();
  test.connect_many(1);
  test.act();
  test.send_message(1, anonymous_message(kTopic, {}));
  EXPECT_TRUE(test.act().empty());
  EXPECT_LT(test.router.score(peer_of(1)), 0);
}

TEST(GossipsubMessages, messages_of_other_topics_are_ignored) {
  RouterUnderTest test;
  test.connect_many(1);
  test.act();
  test.send_message(1, message_of(9, 1));
  EXPECT_TRUE(test.act().empty());
}

TEST(GossipsubMessages, a_validator_decides) {
  for (const Verdict verdict : {Verdict::accept, Verdict::reject, Verdict::ignore}) {
    RouterUnderTest test;
    test.join(true);
    test.connect_many(2);
    test.say_graft(2);
    test.act();
    test.send_message(1, message_of(9, 1));
    const auto checks = only<Validate>(verify_all(test));
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].from, peer_of(1));
    test.router.validated(checks[0].ticket, verdict, test.now);
    const bool accepted = verdict == Verdict::accept;
    const auto actions = test.act();
    EXPECT_EQ(only<Deliver>(actions).size(), accepted ? 1U : 0U);
    EXPECT_EQ(receivers(actions).size(), accepted ? 1U : 0U);
    EXPECT_EQ(test.router.score(peer_of(1)) < 0, verdict == Verdict::reject);
    // Whoever sends it later is judged in the same way.
    test.send_message(2, message_of(9, 1));
    EXPECT_EQ(test.router.score(peer_of(2)) < 0, verdict == Verdict::reject);
  }
}

TEST(GossipsubMessages, floods_own_messages_and_forwards_to_floodsub_peers) {
  RouterUnderTest test;
  test.join();
  test.connect_many(20);
  test.connect(21, Version::floodsub);
  test.say_subscribed(21);
  test.beat();
  test.act();
  EXPECT_TRUE(test.router.publish(stored(message_of(RouterUnderTest::kSelf, 1)), test.now));
  EXPECT_EQ(receivers(test.act()).size(), 21U);
  EXPECT_FALSE(test.router.publish(stored(message_of(RouterUnderTest::kSelf, 1)), test.now));
  test.send_message(1, message_of(9, 1));
  const auto forwarded = receivers(verify_all(test));
  EXPECT_TRUE(forwarded.contains(peer_of(21)));
  EXPECT_LE(forwarded.size(), 7U);
}

TEST(GossipsubMessages, are_forwarded_to_floodsub_peers_until_they_leave) {
  RouterUnderTest test;
  test.join();
  test.connect_many(3, Version::floodsub);
  test.connect(4);
  test.act();
  test.send_message(4, message_of(9, 1));
  EXPECT_EQ(receivers(verify_all(test)), (std::set<PeerId>{peer_of(1), peer_of(2), peer_of(3)}));
  test.say_subscribed(1, kTopic, false);
  test.router.disconnected(peer_of(2), test.now);
  test.act();
  test.send_message(4, message_of(9, 2));
  EXPECT_EQ(receivers(verify_all(test)), (std::set<PeerId>{peer_of(3)}));
}

TEST(GossipsubMessages, peers_below_the_publish_threshold_get_no_own_messages) {
  RouterUnderTest test;
  test.join();
  test.connect_many(2);
  test.router.set_application_score(peer_of(1), -51);
  test.act();
  test.router.publish(stored(message_of(RouterUnderTest::kSelf, 1)), test.now);
  EXPECT_EQ(receivers(test.act()), (std::set<PeerId>{peer_of(2)}));
}

TEST(GossipsubMessages, publishes_over_a_fanout_for_a_minute) {
  Parameters parameters;
  parameters.flood_publish = false;
  RouterUnderTest test(parameters);
  test.connect_many(20);
  test.act();
  test.router.publish(stored(message_of(RouterUnderTest::kSelf, 1)), test.now);
  const auto first = receivers(test.act());
  EXPECT_EQ(first.size(), 6U);
  test.beat();
  test.act();
  test.router.publish(stored(message_of(RouterUnderTest::kSelf, 2)), test.now);
  EXPECT_EQ(receivers(test.act()), first);
  for (int i = 0; i < 60; ++i) test.beat();
  EXPECT_TRUE(test.router.overlay().find(kTopic)->fanout.empty());
}

TEST(GossipsubMessages, the_fanout_becomes_the_mesh) {
  Parameters parameters;
  parameters.flood_publish = false;
  RouterUnderTest test(parameters);
  test.connect_many(20);
  test.act();
  test.router.publish(stored(message_of(RouterUnderTest::kSelf, 1)), test.now);
  const auto fanout = receivers(test.act());
  test.join();
  EXPECT_EQ(test.mesh(), fanout);
}

TEST(GossipsubGossip, tells_peers_outside_of_the_mesh_for_three_heartbeats) {
  RouterUnderTest test;
  test.join();
  test.connect_many(20);
  test.beat();
  test.act();
  const MessagePtr message = stored(message_of(RouterUnderTest::kSelf, 1));
  test.router.publish(message, test.now);
  test.act();
  for (int heartbeat = 0; heartbeat < 4; ++heartbeat) {
    test.beat();
    std::size_t told_peers = 0;
    for (const SendControl& send : only<SendControl>(test.act())) {
      for (const IHave& ihave : send.rpc.control.ihave) {
        ++told_peers;
        EXPECT_FALSE(test.mesh().contains(send.peer));
        EXPECT_EQ(ihave, (IHave{kTopic, {message->id}}));
      }
    }
    EXPECT_EQ(told_peers, heartbeat < 3 ? 6U : 0U);
  }
}

TEST(GossipsubGossip, asks_for_what_it_has_not_seen) {
  RouterUnderTest test;
  test.join();
  test.connect_many(1);
  test.act();
  const MessagePtr known = stored(message_of(RouterUnderTest::kSelf, 1));
  test.router.publish(known, test.now);
  test.act();
  test.say_ihave(1, {known->id, "other"});
  EXPECT_EQ(told(test.act(), 1).control.iwant, std::vector<MessageId>{"other"});
  test.say_ihave(1, {"third"}, "vegetables");
  EXPECT_TRUE(test.act().empty());
}

TEST(GossipsubGossip, does_not_ask_for_what_is_being_validated) {
  RouterUnderTest test;
  test.join(true);
  test.connect_many(2);
  test.act();
  const Message message = message_of(9, 1);
  test.send_message(1, message);
  const auto checks = only<Validate>(verify_all(test));
  ASSERT_EQ(checks.size(), 1U);
  test.say_ihave(2, {default_message_id(message)});
  EXPECT_TRUE(told(test.act(), 2).control.iwant.empty());
  test.router.validated(checks[0].ticket, Verdict::accept, test.now);
  test.act();
  test.say_ihave(2, {default_message_id(message)});
  EXPECT_TRUE(told(test.act(), 2).control.iwant.empty());
}

TEST(GossipsubGossip, answers_one_peer_three_times_within_five_heartbeats) {
  RouterUnderTest test;
  test.join();
  test.connect_many(2);
  test.act();
  const MessagePtr message = stored(message_of(RouterUnderTest::kSelf, 1));
  test.router.publish(message, test.now);
  test.act();
  const auto answers = [&](unsigned peer) {
    test.say_iwant(peer, {message->id, message->id, "unknown"});
    const auto sent = only<SendMessage>(test.act());
    for (const SendMessage& send : sent) EXPECT_TRUE(send.gossip);
    return sent.size();
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answers(1), 1U);
  EXPECT_EQ(answers(1), 0U);
  for (int i = 0; i < 4; ++i) test.beat();
  test.act();
  EXPECT_EQ(answers(2), 1U);
  test.beat();
  test.act();
  EXPECT_EQ(answers(2), 0U);
}

TEST(GossipsubGossip, none_with_peers_below_the_threshold) {
  RouterUnderTest test;
  test.join();
  test.connect_many(1);
  test.router.set_application_score(peer_of(1), -11);
  const MessagePtr message = stored(message_of(RouterUnderTest::kSelf, 1));
  test.router.publish(message, test.now);
  test.act();
  test.say_iwant(1, {message->id});
  test.say_ihave(1, {"other"});
  test.beat();
  EXPECT_TRUE(test.act().empty());
}

TEST(GossipsubGossip, large_messages_are_unwanted_once_they_are_here) {
  RouterUnderTest test;
  test.join();
  test.connect_many(2);
  test.connect(3, Version::v1_1);
  for (unsigned peer = 1; peer <= 3; ++peer) test.say_graft(peer);
  test.act();
  test.send_message(1, message_of(9, 1, std::string(1023, 'x')));
  for (const SendControl& send : only<SendControl>(verify_all(test))) {
    EXPECT_TRUE(send.rpc.control.idontwant.empty());
  }
  const Message large = message_of(9, 2, std::string(1024, 'x'));
  test.send_message(1, large);
  const auto actions = verify_all(test);
  EXPECT_EQ(told(actions, 2).control.idontwant, std::vector<MessageId>{default_message_id(large)});
  EXPECT_TRUE(told(actions, 1).control.idontwant.empty());
  EXPECT_TRUE(told(actions, 3).control.idontwant.empty());
}

TEST(GossipsubGossip, what_a_peer_does_not_want_is_not_sent_for_three_heartbeats) {
  RouterUnderTest test;
  test.join();
  test.connect_many(3);
  for (unsigned peer = 1; peer <= 3; ++peer) test.say_graft(peer);
  test.act();
  const Message message = message_of(9, 1);
  test.say_idontwant(2, {default_message_id(message)});
  test.send_message(1, message);
  EXPECT_EQ(receivers(verify_all(test)), (std::set<PeerId>{peer_of(3)}));
  test.say_iwant(2, {default_message_id(message)});
  EXPECT_TRUE(only<SendMessage>(test.act()).empty());
  for (int i = 0; i < 3; ++i) test.beat();
  test.act();
  test.say_iwant(2, {default_message_id(message)});
  EXPECT_EQ(only<SendMessage>(test.act()).size(), 1U);
}

TEST(GossipsubGossip, a_refused_rpc_is_malformed) {
  RouterUnderTest test;
  test.connect(1);
  EXPECT_THROW(test.router.receive(peer_of(1), from_hex("0a05"), test.now), Error);
  // Of a peer that we do not know, nothing is even read.
  EXPECT_NO_THROW(test.router.receive(peer_of(2), from_hex("0a05"), test.now));
}

TEST(GossipsubGossip, extensions_are_told_in_the_first_rpc_only) {
  RouterUnderTest test;
  test.connect(1, Version::v1_3);
  Rpc rpc;
  rpc.control.extensions.emplace();
  test.receive(1, rpc);
  EXPECT_EQ(test.router.score(peer_of(1)), 0);
  test.receive(1, rpc);
  EXPECT_LT(test.router.score(peer_of(1)), 0);
}

}  // namespace
}  // namespace shoal::gossipsub
