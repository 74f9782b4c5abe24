#include "lab/gossip_attacks.h"

namespace shoal::lab {

namespace {

using When = GossipAttack::When;

constexpr Duration kMeshesForm = 20s;
constexpr Duration kDawn = 10s;
constexpr Duration kSybilsSettle = 6s;
constexpr Duration kBetweenMessages = 330ms;
/// Within which whoever was left out has been told by gossip.
constexpr Duration kLastMessage = 6s;
constexpr std::size_t kSybilsBehindOneAddress = 160;

GossipAttack cold_boot(std::string name, When when, Duration attack_delay = 0s) {
  GossipAttack out{.name = std::move(name), .when = when};
  out.sybils.degree = 20;
  out.sybils.attack_delay = attack_delay;
  return out;
}

GossipAttack eclipse(std::string name, std::size_t degree) {
  GossipAttack out{.name = std::move(name), .when = When::later};
  out.sybils.degree = degree;
  return out;
}

GossipAttack with_grafting(GossipAttack attack, double threshold) {
  attack.opportunistic_graft = threshold;
  attack.opportunistic_graft_heartbeats = 10;
  return attack;
}

std::vector<GossipAttack> make_attacks() {
  constexpr Duration kCovert = 16s;  // half of the messages; two minutes of five as published
  std::vector<GossipAttack> out;
  GossipAttack censor = eclipse("censor-single", 100);
  censor.sybils.censors = true;
  censor.sybils.drops = 0;
  out.push_back(censor);
  out.push_back(cold_boot("cold-boot", When::cold));
  out.push_back(cold_boot("cold-boot-covert-flash", When::cold, kCovert));
  out.push_back(
      with_grafting(cold_boot("cold-boot-covert-flash-oppgraft", When::cold, kCovert), 10));
  out.push_back(with_grafting(cold_boot("cold-boot-oppgraft", When::cold), 1));
  GossipAttack colocation = cold_boot("colocation", When::cold);
  colocation.sybils.behind_one_address = kSybilsBehindOneAddress;
  colocation.colocation_weight = -10;
  out.push_back(colocation);
  out.push_back(cold_boot("dawn", When::dawn));
  out.push_back(with_grafting(cold_boot("dawn-oppgraft", When::dawn), 10));
  GossipAttack degrade = eclipse("degrade-0.5", 100);
  degrade.sybils.drops = 0.5;
  out.push_back(degrade);
  out.push_back(eclipse("eclipse-net", 100));
  GossipAttack publishers = eclipse("eclipse-publishers", 100);
  publishers.sybils.publishers_only = true;
  out.push_back(publishers);
  GossipAttack single = eclipse("eclipse-single", 1);
  single.sybils.single_target = true;
  out.push_back(single);
  return out;
}

/// As published, but for the rate of messages, which is 120 a second there.
gossipsub::Parameters published_parameters(const GossipAttack& attack) {
  gossipsub::Parameters out;
  out.d = 8;
  out.d_low = 6;
  out.d_high = 12;
  out.d_score = 6;
  out.d_lazy = 12;
  out.opportunistic_graft_heartbeats = attack.opportunistic_graft_heartbeats;
  gossipsub::ScoreParameters& score = out.score;
  score.thresholds = {.gossip = -4000,
                      .publish = -5000,
                      .graylist = -10'000,
                      .accept_exchanged_peers = 0,
                      .opportunistic_graft = attack.opportunistic_graft};
  score.topic_score_cap = 0;
  score.colocation_weight = attack.colocation_weight;
  score.colocation_threshold = 1;
  score.retain = 30s;
  gossipsub::TopicScoreParameters& topic = score.other_topics;
  topic.topic_weight = 0.25;
  topic.time_in_mesh_weight = 0.0027;
  topic.time_in_mesh_cap = 3600;
  topic.first_deliveries_weight = 0.664;
  topic.first_deliveries_decay = 0.9916;
  topic.first_deliveries_cap = 1500;
  topic.mesh_deliveries_weight = -0.25;
  topic.mesh_deliveries_decay = 0.997;
  topic.mesh_deliveries_cap = 400;
  topic.mesh_deliveries_threshold = 10;
  topic.mesh_deliveries_activation = 60s;
  topic.mesh_deliveries_window = 5ms;
  topic.mesh_failure_weight = -0.25;
  topic.mesh_failure_decay = 0.997;
  topic.invalid_messages_weight = -99;
  topic.invalid_messages_decay = 0.9994;
  return out;
}

}  // namespace

const std::vector<GossipAttack>& gossip_attacks() {
  static const std::vector<GossipAttack> kAttacks = make_attacks();
  return kAttacks;
}

GossipAttack no_gossip_attack() {
  GossipAttack out{.name = "none"};
  out.sybils.count = 0;
  return out;
}

GossipAttackResult run_gossip_attack(const GossipAttack& attack, Spreading spreading,
                                     const GossipAttackOptions& options, std::uint64_t seed) {
  GossipNet net({.nodes = options.nodes,
                 .spreading = spreading,
                 .dials = 10,
                 .publishers = options.publishers,
                 .links = {.latency = 25ms},
                 .parameters = published_parameters(attack),
                 .connect_later = attack.when == When::dawn},
                seed);
  SybilOptions sybils = attack.sybils;
  sybils.count = attack.name == no_gossip_attack().name ? 0 : options.sybils;
  if (attack.when == When::later) net.run_for(kMeshesForm);
  net.add_sybils(sybils);
  if (attack.when == When::dawn) {
    net.run_for(kDawn);
    net.connect_all();
  }
  net.run_for(kSybilsSettle);
  net.begin_measuring();
  for (std::size_t i = 0; i < options.messages; ++i) {
    net.publish(options.message_bytes);
    net.run_for(kBetweenMessages);
  }
  net.run_for(kLastMessage);
  return {.result = net.result(),
          .sybils_in_meshes = net.sybils_in_meshes(),
          .trace_hash = net.trace_hash()};
}

}  // namespace shoal::lab
