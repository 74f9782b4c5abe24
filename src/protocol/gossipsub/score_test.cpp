#include "protocol/gossipsub/score.h"

#include <gtest/gtest.h>

#include "protocol/gossipsub/router_testing.h"

namespace shoal::gossipsub {
namespace {

using testing::kTopic;
using testing::peer_of;

constexpr TimePoint kStart{1h};

/// All weights 0, so that each test turns on what it is about.
ScoreParameters quiet() {
  ScoreParameters out;
  TopicScoreParameters& topic = out.other_topics;
  topic.time_in_mesh_weight = 0;
  topic.first_deliveries_weight = 0;
  topic.invalid_messages_weight = 0;
  out.colocation_weight = 0;
  out.behaviour_weight = 0;
  out.topic_score_cap = 0;
  return out;
}

IpAddress address(std::uint8_t last) {
  return IpAddress::v4({10, 0, 0, last});
}

TEST(GossipsubScore, p1_rewards_time_in_the_mesh_up_to_its_cap) {
  ScoreParameters parameters = quiet();
  parameters.other_topics.time_in_mesh_weight = 0.5;
  parameters.other_topics.time_in_mesh_cap = 10;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.decay(kStart);
  score.grafted(peer_of(1), kTopic, kStart);
  score.decay(kStart + 4s);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 2);
  score.decay(kStart + 60s);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 5);
  score.pruned(peer_of(1), kTopic);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
}

TEST(GossipsubScore, p2_rewards_first_deliveries_and_decays) {
  ScoreParameters parameters = quiet();
  parameters.other_topics.first_deliveries_weight = 2;
  parameters.other_topics.first_deliveries_cap = 3;
  parameters.other_topics.first_deliveries_decay = 0.5;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.decay(kStart);
  for (int i = 0; i < 5; ++i) score.first_delivery(peer_of(1), kTopic);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 6);
  score.decay(kStart + 1s);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 3);
  for (int i = 2; i < 20; ++i) score.decay(kStart + i * 1s);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
}

TEST(GossipsubScore, p3_punishes_a_deficit_once_it_is_active) {
  ScoreParameters parameters = quiet();
  TopicScoreParameters& topic = parameters.other_topics;
  topic.mesh_deliveries_weight = -1;
  topic.mesh_deliveries_threshold = 4;
  topic.mesh_deliveries_decay = 0.999999;
  topic.mesh_failure_weight = -1;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.decay(kStart);
  score.grafted(peer_of(1), kTopic, kStart);
  score.first_delivery(peer_of(1), kTopic);
  score.near_first_delivery(peer_of(1), kTopic);
  score.decay(kStart + topic.mesh_deliveries_activation);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
  score.decay(kStart + topic.mesh_deliveries_activation + 1s);
  EXPECT_NEAR(score.score(peer_of(1)), -4, 0.01);
  // P3b: the deficit stays when the peer is pruned.
  score.pruned(peer_of(1), kTopic);
  EXPECT_NEAR(score.score(peer_of(1)), -4, 0.01);
}

TEST(GossipsubScore, p4_punishes_invalid_messages_by_the_square) {
  ScoreParameters parameters = quiet();
  parameters.other_topics.invalid_messages_weight = -2;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  for (int i = 0; i < 3; ++i) score.invalid_message(peer_of(1), kTopic);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), -18);
}

TEST(GossipsubScore, p5_is_what_the_application_says) {
  ScoreParameters parameters = quiet();
  parameters.application_weight = 2;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.set_application_score(peer_of(1), -3);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), -6);
}

TEST(GossipsubScore, p6_punishes_peers_that_share_an_address) {
  ScoreParameters parameters = quiet();
  parameters.colocation_weight = -1;
  parameters.colocation_threshold = 2;
  PeerScore score(parameters);
  for (unsigned peer = 1; peer <= 2; ++peer) score.connected(peer_of(peer), address(1));
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
  for (unsigned peer = 3; peer <= 4; ++peer) score.connected(peer_of(peer), address(1));
  score.connected(peer_of(5), address(2));
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), -4);
  EXPECT_DOUBLE_EQ(score.score(peer_of(5)), 0);
}

TEST(GossipsubScore, p7_punishes_behaviour_beyond_its_threshold) {
  ScoreParameters parameters = quiet();
  parameters.behaviour_weight = -1;
  parameters.behaviour_threshold = 2;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.penalise(peer_of(1), 2);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
  score.penalise(peer_of(1), 3);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), -9);
}

TEST(GossipsubScore, topics_are_weighted_and_capped_together) {
  ScoreParameters parameters = quiet();
  parameters.topics["a"] = parameters.other_topics;
  parameters.topics["a"].topic_weight = 10;
  parameters.topics["a"].first_deliveries_weight = 1;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.first_delivery(peer_of(1), "a");
  score.first_delivery(peer_of(1), "b");
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 10);
  parameters.topic_score_cap = 5;
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 5);
}

TEST(GossipsubScore, a_bad_score_outlives_the_connection) {
  ScoreParameters parameters = quiet();
  parameters.other_topics.invalid_messages_weight = -1;
  PeerScore score(parameters);
  score.connected(peer_of(1), address(1));
  score.invalid_message(peer_of(1), kTopic);
  score.disconnected(peer_of(1), kStart);
  score.decay(kStart + parameters.retain - 1ns);
  score.connected(peer_of(1), address(1));
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), -1);
  EXPECT_EQ(score.retained(), 0U);
  score.disconnected(peer_of(1), kStart);
  score.decay(kStart + parameters.retain);
  EXPECT_EQ(score.retained(), 0U);
  score.connected(peer_of(1), address(1));
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
}

TEST(GossipsubScore, a_good_score_does_not_outlive_the_connection) {
  ScoreParameters parameters = quiet();
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.set_application_score(peer_of(1), 5);
  score.disconnected(peer_of(1), kStart);
  EXPECT_EQ(score.retained(), 0U);
  score.connected(peer_of(1), std::nullopt);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
}

TEST(GossipsubScore, retained_scores_are_bounded) {
  const ScoreParameters parameters = quiet();
  PeerScore score(parameters);
  for (unsigned peer = 0; peer <= PeerScore::kMaxRetained; ++peer) {
    score.connected(peer_of(peer), std::nullopt);
    score.disconnected(peer_of(peer), kStart);
  }
  EXPECT_EQ(score.retained(), PeerScore::kMaxRetained);
}

TEST(GossipsubScore, forgets_topics_without_standing) {
  const ScoreParameters parameters = quiet();
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.decay(kStart);
  score.grafted(peer_of(1), "a", kStart);
  score.grafted(peer_of(1), "b", kStart);
  score.pruned(peer_of(1), "b");
  EXPECT_EQ(score.topics_of(peer_of(1)), 2U);
  score.decay(kStart + 1s);
  EXPECT_EQ(score.topics_of(peer_of(1)), 1U);
}

TEST(GossipsubScore, is_zero_when_scoring_is_off) {
  ScoreParameters parameters;
  parameters.enabled = false;
  PeerScore score(parameters);
  score.connected(peer_of(1), std::nullopt);
  score.invalid_message(peer_of(1), kTopic);
  EXPECT_DOUBLE_EQ(score.score(peer_of(1)), 0);
}

}  // namespace
}  // namespace shoal::gossipsub
