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

struct Attacker {
  Version version;
  bool trees = false;
};

/// Each attack on each protocol, with the extension and without: none must be the way around a
/// limit.
class GossipsubAttack : public ::testing::TestWithParam<Attacker> {
 protected:
  void begin(Parameters parameters = {}) {
    test.emplace(std::move(parameters));
    test->join();
    test->connect(1, version());
    if (GetParam().trees) test->say_trees(1);
    test->say_subscribed(1);
    test->act();
  }
  Version version() const { return GetParam().version; }
  /// What the attacker is asked for, at once or when it did not come by itself.
  std::size_t asked() {
    std::size_t out = told(test->act(), 1).control.iwant.size();
    if (GetParam().trees) {
      test->pass(Trees::kGossipDelay);
      out += told(test->act(), 1).control.iwant.size();
    }
    return out;
  }
  double score() const { return test->router.score(peer_of(1)); }
  bool meshed() const { return has_mesh(version()); }

  std::optional<RouterUnderTest> test;
};

std::vector<MessageId> made_up_ids(std::size_t count, const std::string& prefix = "id ") {
  std::vector<MessageId> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(prefix + std::to_string(i));
  return out;
}

TEST_P(GossipsubAttack, iwant_spam_gets_a_message_three_times) {
  begin();
  const MessagePtr message = stored(message_of(RouterUnderTest::kSelf, 1));
  test->router.publish(message, test->now);
  test->act();
  std::size_t answers = 0;
  for (int i = 0; i < 100; ++i) {
    test->say_iwant(1, std::vector<MessageId>(50, message->id));
    answers += only<SendMessage>(test->act()).size();
  }
  EXPECT_EQ(answers, meshed() ? 3U : 0U);
}

TEST_P(GossipsubAttack, ihave_spam_is_asked_for_5000_ids_a_heartbeat) {
  begin();
  const auto asked_in = [&](int round) {
    std::size_t out = 0;
    for (int i = 0; i < 20; ++i) {
      const std::string prefix = std::to_string(round) + "/" + std::to_string(i) + "/";
      test->say_ihave(1, made_up_ids(1000, prefix));
      out += told(test->act(), 1).control.iwant.size();
    }
    return out + asked();
  };
  const std::size_t most = GetParam().trees ? Repairs::kMaxMessages : 5000U;
  EXPECT_EQ(asked_in(0), meshed() ? most : 0U);
  test->beat();
  test->act();
  EXPECT_EQ(asked_in(1), meshed() ? most : 0U);
}

TEST_P(GossipsubAttack, ihave_spam_counts_ten_rpcs_a_heartbeat) {
  begin();
  std::size_t answers = 0;
  for (int i = 0; i < 50; ++i) {
    test->say_ihave(1, {"id " + std::to_string(i)});
    answers += told(test->act(), 1).control.iwant.size();
  }
  EXPECT_EQ(answers + asked(), meshed() ? 10U : 0U);
}

TEST_P(GossipsubAttack, promises_that_are_not_kept_cost_score) {
  begin();
  for (int i = 0; i < 10; ++i) test->say_ihave(1, {"id " + std::to_string(i)});
  EXPECT_EQ(asked(), meshed() ? 10U : 0U);
  EXPECT_GE(score(), 0);
  for (int i = 0; i < 4; ++i) test->beat();
  EXPECT_EQ(score() < 0, meshed());
}

TEST_P(GossipsubAttack, grafts_for_unknown_topics_get_no_answer_and_no_room) {
  begin();
  for (int i = 0; i < 1000; ++i) test->say_graft(1, "topic " + std::to_string(i));
  EXPECT_TRUE(test->act().empty());
  EXPECT_EQ(test->router.overlay().topics().size(), 1U);
}

TEST_P(GossipsubAttack, grafts_during_backoff_end_in_the_graylist) {
  Parameters parameters;
  parameters.score.behaviour_threshold = 0;
  parameters.score.thresholds = {.gossip = -10, .publish = -100, .graylist = -1000};
  begin(parameters);
  if (!meshed()) return;
  test->say_graft(1);
  EXPECT_TRUE(test->in_mesh(1));
  test->say_prune(1);
  test->act();
  test->now += 11s;  // beyond the flood threshold: one penalty
  test->say_graft(1);
  EXPECT_EQ(told(test->act(), 1).control.prune.size(), 1U);
  EXPECT_DOUBLE_EQ(score(), -10);
  test->say_graft(1);  // at once: two
  EXPECT_EQ(told(test->act(), 1).control.prune.size(), 1U);
  EXPECT_DOUBLE_EQ(score(), -90);
  for (int i = 0; i < 4; ++i) test->say_graft(1);
  EXPECT_LT(score(), -1000);
  test->act();
  test->now += 61s;
  test->say_graft(1);
  EXPECT_TRUE(test->act().empty());
  EXPECT_FALSE(test->in_mesh(1));
  EXPECT_GT(test->router.counts().graylisted, 0U);
}

TEST_P(GossipsubAttack, invalid_messages_end_in_the_graylist) {
  begin();
  if (meshed()) test->say_graft(1);
  for (std::uint64_t i = 0; i < 20; ++i) {
    Message message = message_of(9, i);
    (*message.signature)[0] ^= 1;
    test->send_message(1, message);
    for (const Verify& check : only<Verify>(test->act())) {
      test->router.verified(check.ticket, has_valid_signature(check.message->message), test->now);
    }
  }
  EXPECT_LT(score(), -80);
  EXPECT_GT(test->router.counts().graylisted, 0U);
  EXPECT_EQ(test->router.counts().delivered, 0U);
  test->beat();
  EXPECT_FALSE(test->in_mesh(1));
}

TEST_P(GossipsubAttack, idontwant_spam_is_bounded) {
  begin();
  for (int i = 0; i < 3000; ++i) {
    test->say_idontwant(1, made_up_ids(20, std::to_string(i) + "/"));
  }
  EXPECT_LE(test->router.peers().at(peer_of(1)).unwanted.size(), Peer::kMaxUnwanted);
  for (int i = 0; i < 3; ++i) test->beat();
  EXPECT_TRUE(test->router.peers().at(peer_of(1)).unwanted.empty());
}

TEST_P(GossipsubAttack, idontwant_takes_ten_ids_of_an_rpc) {
  begin();
  test->say_idontwant(1, made_up_ids(11));
  EXPECT_EQ(test->router.peers().at(peer_of(1)).unwanted.size(), meshed() ? 10U : 0U);
}

TEST_P(GossipsubAttack, subscriptions_without_end_give_their_memory_back) {
  begin();
  for (int rpc = 0; rpc < 100; ++rpc) {
    Rpc flood;
    for (int i = 0; i < 1000; ++i) {
      flood.subscriptions.push_back({true, std::to_string(rpc) + "/" + std::to_string(i)});
    }
    test->receive(1, flood);
    EXPECT_LE(test->router.overlay().topics().size(), Peer::kMaxTopics + 1);
    test->router.disconnected(peer_of(1), test->now);
    EXPECT_EQ(test->router.overlay().topics().size(), 1U);
    test->connect(1, version());
  }
}

TEST_P(GossipsubAttack, unverified_messages_are_bounded) {
  begin();
  Message message = message_of(9, 1);
  for (std::size_t i = 0; i < 2 * PendingMessages::kMaxMessagesPerPeer; ++i) {
    message.data = to_bytes(std::to_string(i));
    test->send_message(1, message);
  }
  EXPECT_EQ(test->router.pending(), PendingMessages::kMaxMessagesPerPeer);
  EXPECT_EQ(test->router.counts().throttled, PendingMessages::kMaxMessagesPerPeer);
}

TEST_P(GossipsubAttack, backoffs_of_any_size_are_taken) {
  begin();
  for (const std::uint64_t backoff : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63,
                                      std::uint64_t{9'223'372'037}}) {
    test->say_prune(1, backoff);
    test->beat();
  }
  EXPECT_LE(test->router.overlay().backoffs(), 1U);
}

TEST_P(GossipsubAttack, own_messages_that_come_back_are_ignored) {
  begin();
  test->send_message(1, message_of(RouterUnderTest::kSelf, 1));
  EXPECT_TRUE(test->act().empty());
  EXPECT_GE(score(), 0);
}

INSTANTIATE_TEST_SUITE_P(OnEachProtocol, GossipsubAttack,
                         ::testing::Values(Attacker{Version::floodsub}, Attacker{Version::v1_1},
                                           Attacker{Version::v1_2}, Attacker{Version::v1_3},
                                           Attacker{Version::v1_3, true}));

}  // namespace
}  // namespace shoal::gossipsub
