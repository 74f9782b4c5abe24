#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/rpc.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// How peers are scored in one topic: gossipsub v1.1, "Topic parameter calculation and decay".
/// Decays are factors per ScoreParameters::decay_interval.
struct TopicScoreParameters {
  double topic_weight = 1;

  // P1: time in the mesh.
  double time_in_mesh_weight = 0.01;
  Duration time_in_mesh_quantum = 1s;
  double time_in_mesh_cap = 100;

  // P2: messages that the peer delivered first.
  double first_deliveries_weight = 1;
  double first_deliveries_decay = 0.9;
  double first_deliveries_cap = 20;

  // P3: deliveries in the mesh, compared with a threshold. Off, as it takes topics with a known
  // rate of messages.
  double mesh_deliveries_weight = 0;
  double mesh_deliveries_decay = 0.9;
  double mesh_deliveries_cap = 100;
  double mesh_deliveries_threshold = 20;
  Duration mesh_deliveries_window = 10ms;
  Duration mesh_deliveries_activation = 5s;

  // P3b: the deficit at the time of a prune.
  double mesh_failure_weight = 0;
  double mesh_failure_decay = 0.9;

  // P4: invalid messages.
  double invalid_messages_weight = -1;
  double invalid_messages_decay = 0.95;
};

/// The score below (or, for the last two, above) which something happens.
struct ScoreThresholds {
  double gossip = -10;    // no IHAVE or IWANT is sent, answered or accepted
  double publish = -50;   // own messages are not sent to it
  double graylist = -80;  // its RPCs are ignored
  double accept_exchanged_peers = 10;
  double opportunistic_graft = 1;  // of the median of a mesh
};

struct ScoreParameters {
  bool enabled = true;
  std::map<std::string, TopicScoreParameters> topics;
  /// For every other topic that this node joined.
  TopicScoreParameters other_topics;
  /// Of the sum over topics; 0: none.
  double topic_score_cap = 50;

  // P5: what the application says.
  double application_weight = 1;

  // P6: more peers than the threshold behind one IPv4 address or one /64 of IPv6.
  double colocation_weight = -5;
  std::size_t colocation_threshold = 10;

  // P7: broken promises, GRAFT during backoff.
  double behaviour_weight = -10;
  double behaviour_threshold = 6;
  double behaviour_decay = 0.99;

  Duration decay_interval = 1s;
  double decay_to_zero = 0.01;
  /// How long a disconnected peer keeps a score that is not positive.
  Duration retain = 1h;

  ScoreThresholds thresholds;
};

/// Defaults are those of the specs and of go-libp2p-pubsub.
struct Parameters {
  // Peers in a mesh.
  std::size_t d = 6;
  std::size_t d_low = 5;
  std::size_t d_high = 12;
  std::size_t d_score = 4;  // kept by score when a mesh is cut to d
  std::size_t d_out = 2;    // that we dialled

  // Gossip about messages, to peers outside of the mesh.
  std::size_t d_lazy = 6;
  double gossip_factor = 0.25;
  std::size_t history_heartbeats = 5;
  std::size_t gossip_heartbeats = 3;
  /// How often one peer may ask for the same message.
  unsigned gossip_retransmission = 3;
  std::size_t max_ihave_ids = 5000;        // that are asked of one peer in a heartbeat
  unsigned max_ihave_messages = 10;        // of one peer in a heartbeat
  Duration iwant_followup = 3s;            // until a promise is broken
  std::size_t max_idontwant_ids = 10;      // of one RPC
  unsigned max_idontwant_messages = 1000;  // of one peer in a heartbeat
  std::size_t idontwant_threshold_bytes = 1024;
  unsigned idontwant_heartbeats = 3;

  Duration heartbeat_interval = 1s;
  Duration first_heartbeat = 100ms;
  Duration fanout_lifetime = 60s;
  Duration seen_lifetime = 2min;

  Duration prune_backoff = 1min;
  Duration unsubscribe_backoff = 10s;
  Duration graft_flood_threshold = 10s;

  unsigned opportunistic_graft_heartbeats = 60;
  std::size_t opportunistic_graft_peers = 2;

  /// The extension of gossipsub 1.3 that both ends must have: one copy over the fastest way, ids
  /// over the others, large messages in pieces. For signed messages with the default id.
  bool trees = true;
  /// Peers that we dialled, in the mesh or not, which messages are sent to over trees.
  std::size_t d_dialled = 6;
  /// Own messages that are larger go in pieces of so many bytes.
  std::size_t pieces_threshold_bytes = 64 * 1024;
  std::uint32_t piece_bytes = 32 * 1024;

  /// Own messages go to all peers of the topic, not only to the mesh.
  bool flood_publish = true;
  /// Whether a PRUNE names other peers: for well-known bootstrap nodes.
  bool peer_exchange = false;
  std::size_t exchanged_peers = 16;

  /// Explicit peering agreements: always sent to, never in a mesh, never ignored.
  std::set<PeerId> direct_peers;
  unsigned direct_connect_heartbeats = 300;

  SignaturePolicy signature_policy = SignaturePolicy::strict_sign;
  /// At most kMaxMessageIdBytes; must not throw, whatever the message. Called on the loop for what
  /// comes in, on the offload pool for what is published. Empty: default_message_id.
  MessageIdFunction message_id;

  /// Of an RPC, in both directions. A message has to fit in, with its envelope.
  std::size_t max_rpc_bytes = kMaxRpcBytes;
  /// Of an own message.
  std::size_t max_data_bytes = 1024 * 1024;

  ScoreParameters score;

  /// Throws Error{usage} for what contradicts itself or the specs.
  void validate() const;
};

}  // namespace shoal::gossipsub
