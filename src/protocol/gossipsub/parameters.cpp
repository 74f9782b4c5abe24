#include "protocol/gossipsub/parameters.h"

#include <cmath>

#include "base/error.h"
#include "protocol/gossipsub/manifest.h"

namespace shoal::gossipsub {

namespace {

void demand(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::usage, std::string("gossipsub: ") + what);
}

bool is_decay(double value) {
  return value > 0 && value < 1;
}

bool is_penalty(double weight) {
  return std::isfinite(weight) && weight <= 0;
}

bool is_reward(double weight) {
  return std::isfinite(weight) && weight >= 0;
}

void validate_topic(const TopicScoreParameters& topic) {
  demand(is_reward(topic.topic_weight), "the weight of a topic must not be negative");
  demand(is_reward(topic.time_in_mesh_weight) && is_reward(topic.first_deliveries_weight),
         "weights of P1 and P2 must not be negative");
  demand(topic.time_in_mesh_quantum > 0s, "the quantum of P1 must be positive");
  demand(is_penalty(topic.mesh_deliveries_weight) && is_penalty(topic.mesh_failure_weight) &&
             is_penalty(topic.invalid_messages_weight),
         "weights of P3, P3b and P4 must not be positive");
  demand(is_decay(topic.first_deliveries_decay) && is_decay(topic.mesh_deliveries_decay) &&
             is_decay(topic.mesh_failure_decay) && is_decay(topic.invalid_messages_decay),
         "decays must lie between 0 and 1");
}

void validate_score(const ScoreParameters& score) {
  validate_topic(score.other_topics);
  for (const auto& [name, topic] : score.topics) validate_topic(topic);
  demand(is_reward(score.topic_score_cap), "the cap of topic scores must not be negative");
  demand(is_penalty(score.colocation_weight) && is_penalty(score.behaviour_weight),
         "weights of P6 and P7 must not be positive");
  demand(is_decay(score.behaviour_decay) && is_decay(score.decay_to_zero),
         "decays must lie between 0 and 1");
  demand(score.decay_interval >= 1s, "scores decay at most once a second");
  const ScoreThresholds& thresholds = score.thresholds;
  demand(thresholds.gossip <= 0 && thresholds.publish <= thresholds.gossip &&
             thresholds.graylist <= thresholds.publish,
         "thresholds must fall from 0 over gossip and publish to graylist");
  demand(thresholds.accept_exchanged_peers >= 0 && thresholds.opportunistic_graft >= 0,
         "thresholds for peer exchange and opportunistic grafting must not be negative");
}

}  // namespace

void Parameters::validate() const {
  const bool bootstrapper = d == 0 && d_low == 0 && d_high == 0 && d_out == 0;
  demand(bootstrapper || (d_low <= d && d <= d_high), "d must lie between d_low and d_high");
  demand(bootstrapper || (d_out < d_low && d_out <= d / 2),
         "d_out must be below d_low and at most half of d");
  demand(d_score <= d_high, "d_score must not exceed d_high");
  demand(gossip_heartbeats <= history_heartbeats && history_heartbeats > 0,
         "gossip must not reach back further than the history");
  demand(heartbeat_interval > 0s, "the heartbeat interval must be positive");
  demand(opportunistic_graft_heartbeats > 0 && direct_connect_heartbeats > 0,
         "numbers of heartbeats must be positive");
  demand(piece_bytes >= kMinPieceBytes && piece_bytes <= kMaxPieceBytes,
         "pieces must have 64 bytes to 64 KiB");
  demand(max_rpc_bytes >= 1024, "an RPC must be allowed 1 KiB at least");
  validate_score(score);
}

}  // namespace shoal::gossipsub
