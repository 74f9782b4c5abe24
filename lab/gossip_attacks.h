#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/gossip_net.h"

namespace shoal::lab {

/// One of the twelve attacks on 1,000 honest nodes whose configurations were published with the
/// evaluation of gossipsub 1.1 (github.com/libp2p/gossipsub-hardening, scripts/configs), under its
/// name there. Who attacks, how, when, and what scores then; 4,000 Sybils in each.
struct GossipAttack {
  enum class When : std::uint8_t {
    cold,   // Sybils connect while the honest nodes do
    dawn,   // Sybils are there before any honest connection
    later,  // into meshes that have formed
  };
  std::string name;
  When when = When::later;
  SybilOptions sybils{};
  double colocation_weight = 0;
  double opportunistic_graft = 0;
  unsigned opportunistic_graft_heartbeats = 60;
};

const std::vector<GossipAttack>& gossip_attacks();

struct GossipAttackOptions {
  std::size_t nodes = 1000;
  std::size_t sybils = 4000;
  /// Messages, published 330 ms apart from when the attack is on, and who publishes them in turn.
  std::size_t messages = 60;
  std::size_t publishers = 20;
  std::size_t message_bytes = 2048;
};

struct GossipAttackResult {
  GossipNet::Result result;
  double sybils_in_meshes = 0;
  std::uint64_t trace_hash = 0;
};

GossipAttackResult run_gossip_attack(const GossipAttack& attack, Spreading spreading,
                                     const GossipAttackOptions& options, std::uint64_t seed);

/// The same network and parameters with nobody who attacks.
GossipAttack no_gossip_attack();

}  // namespace shoal::lab
