#include "lab/basics_experiment.h"
#include "lab/churn_experiment.h"
#include "lab/consistency_experiment.h"
#include "lab/distribute_experiment.h"
#include "lab/eclipse_experiment.h"
#include "lab/experiment.h"
#include "lab/freeride_experiment.h"
#include "lab/gossip_experiment.h"
#include "lab/grow_experiment.h"
#include "lab/lookup_experiment.h"
#include "lab/message_experiment.h"
#include "lab/nat_experiment.h"
#include "lab/partition_experiment.h"
#include "lab/poison_experiment.h"
#include "lab/share_experiment.h"
#include "lab/spam_experiment.h"
#include "lab/survive_experiment.h"
#include "lab/sybil_experiment.h"

namespace shoal::lab {

namespace {

constexpr const char* kLightNodes =
    " Routing tables, lookups, servers and records are the node's own code; connections are "
    "modelled as delays.";

/// Of memory, with its connections.
constexpr std::uint64_t kWholeNode = 4'000'000;
constexpr std::uint64_t kLightNode = 40'000;
constexpr std::uint64_t kTopicNode = 400'000;
/// Four whole ones are there at a time.
constexpr std::uint64_t kPairedNode = 4 * kWholeNode / 98;

Choice choose_attackers(Amount usual, Amount most) {
  return {"--attackers", "how many attack", &ExperimentOptions::attackers, usual, {1}, most};
}

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {
      {.name = "basics",
       .title = "Five nodes: one joins, finds, gets, serves, leaves",
       .about = "Whole nodes on five simulated machines, with every packet of theirs.",
       .usual_nodes = 5,
       .min_nodes = 5,
       .max_nodes = 5,
       .run = run_basics,
       .node_bytes = kWholeNode},
      {.name = "distribute",
       .title = "One file to many: from one server, and from each other",
       .about =
           "Whole nodes on simulated machines, which limit their upload by themselves, and every "
           "packet of theirs.",
       .usual_nodes = 16,
       .min_nodes = 2,
       .max_nodes = 1'000,
       .run = run_distribute,
       .node_bytes = kWholeNode,
       .choices = {choose_file(kDistributedFile), choose_up(CrowdOptions{}.up_bytes)}},
      {.name = "message",
       .title = "Streams, requests, topics, tunnels: who carries what",
       .about =
           "Whole nodes on simulated machines, and every packet of theirs. The first is a relay, "
           "and the last two are behind routers that nobody gets through.",
       .usual_nodes = 24,
       .min_nodes = 16,
       .max_nodes = 60,
       .run = run_message,
       .node_bytes = kWholeNode,
       .choices = {{"--size",
                    "bytes of the stream",
                    &ExperimentOptions::file_bytes,
                    {kStreamBytes},
                    {kStreamBytes},
                    {kLargestFile}}}},
      {.name = "share",
       .title = "Who carries which bytes, and who keeps which records",
       .about =
           "Whole nodes on simulated machines behind lines of limited upload, and every packet of "
           "theirs.",
       .usual_nodes = 10,
       .min_nodes = 8,
       .max_nodes = 40,
       .run = run_share,
       .node_bytes = kWholeNode,
       .choices = {choose_file(CrowdOptions{}.file_bytes), choose_up(CrowdOptions{}.up_bytes)}},
      {.name = "grow",
       .title = "Capacity with each node that has the file",
       .about =
           "Whole nodes on simulated machines behind lines of limited upload, and every packet of "
           "theirs.",
       .usual_nodes = 8,
       .min_nodes = 2,
       .max_nodes = 8,
       .run = run_grow,
       .node_bytes = kWholeNode,
       .choices = {choose_file(CrowdOptions{}.file_bytes), choose_up(CrowdOptions{}.up_bytes)}},
      {.name = "survive",
       .title = "What still works when nodes are killed",
       .about = "Whole nodes on simulated machines, and every packet of theirs.",
       .usual_nodes = 16,
       .min_nodes = 9,
       .max_nodes = 60,
       .run = run_survive,
       .node_bytes = kWholeNode,
       .choices = {choose_file(CrowdOptions{}.file_bytes), choose_up(CrowdOptions{}.up_bytes)}},
      {.name = "lookup",
       .title = "How far it is to a key, from 100 nodes to 10,000",
       .about = std::string("Lookups in networks of growing size.") + kLightNodes,
       .usual_nodes = 10'000,
       .min_nodes = 50,
       .max_nodes = 100'000,
       .run = run_lookup,
       .node_bytes = kLightNode},
      {.name = "churn",
       .title = "Nodes that go without a word, and nodes that come and go",
       .about = std::string("A part of the network dies at once; then an hour of sessions.") +
                kLightNodes,
       .usual_nodes = 1'000,
       .min_nodes = 60,
       .max_nodes = 20'000,
       .run = run_churn,
       .node_bytes = kLightNode,
       .choices = {{"--rate",
                    "times an hour that a node goes, half of them more often",
                    &ExperimentOptions::rate,
                    {kUsualDepartures},
                    {1},
                    {60}}}},
      {.name = "gossip",
       .title = "One message to everybody: meshes, lost nodes and Sybils",
       .about =
           "Messages in one topic, by flooding, by gossipsub 1.2, and by Shoal's extension of it. "
           "Gossipsub's router is the node's own code; connections are modelled as delays.",
       .usual_nodes = 500,
       .min_nodes = 50,
       .max_nodes = 10'000,
       .run = run_gossip,
       .node_bytes = kTopicNode,
       .choices = {{"--rate", "messages a second", &ExperimentOptions::rate, {2}, {1}, {50}}}},
      {.name = "nat",
       .title = "Nodes behind NATs of every class, and a relay",
       .about =
           "Two whole nodes behind simulated routers and two relays in the open, with every packet "
           "of theirs, for each pair of classes; then pairs of homes, of all classes alike, in "
           "which each counts by how usual its routers are.",
       .usual_nodes = 392,
       .min_nodes = 98,
       .max_nodes = 3'920,
       .run = run_nat,
       .node_bytes = kPairedNode},
      {.name = "partition",
       .title = "A network that is cut in two for an hour",
       .about =
           std::string("Two halves that do not reach each other, and then do again.") + kLightNodes,
       .usual_nodes = 60,
       .min_nodes = 20,
       .max_nodes = 500,
       .run = run_partition,
       .node_bytes = kLightNode},
      {.name = "poison",
       .title = "Nodes that name peers that do not exist",
       .about = std::string("Lookups among nodes that invent what they answer.") + kLightNodes,
       .usual_nodes = 1'000,
       .min_nodes = 100,
       .max_nodes = 20'000,
       .run = run_poison,
       .node_bytes = kLightNode,
       .choices = {choose_attackers({.for_each_node = 0.2}, {.for_each_node = 0.4})}},
      {.name = "eclipse",
       .title = "Attackers who want every seat of a routing table",
       .about = std::string("Attackers by the thousand, all of one /16 network.") + kLightNodes,
       .usual_nodes = 400,
       .min_nodes = 60,
       .max_nodes = 1'000,
       .run = run_eclipse,
       .node_bytes = kLightNode,
       .choices = {choose_attackers({.for_each_node = 10}, {kMostAttackersOfOneNetwork})}},
      {.name = "sybil",
       .title = "Made-up ids around one key",
       .about = std::string("Somebody makes ids that lie nearer to a key than all nodes do.") +
                kLightNodes,
       .usual_nodes = 5'000,
       .min_nodes = 300,
       .max_nodes = 50'000,
       .run = run_sybil,
       .node_bytes = kLightNode,
       .choices = {choose_attackers({60}, {500})}},
      {.name = "freeride",
       .title = "Getters that take and never give",
       .about = "Whole nodes on simulated machines, which limit their upload by themselves, and "
                "every packet of theirs. One shares a file, two get it and exchange, and the "
                "others only take.",
       .usual_nodes = 100,
       .min_nodes = 4,
       .max_nodes = 200,
       .run = run_freeride,
       .node_bytes = kWholeNode,
       .choices = {choose_file(kFreerideFile), choose_up(kFreerideUp)}},
      {.name = "spam",
       .title = "Spammers in a topic",
       .about = "Programs made with the library, on simulated machines with lines of 100 KB/s. "
                "Some of them flood the topic that the others talk in.",
       .usual_nodes = 25,
       .min_nodes = 20,
       .max_nodes = 60,
       .run = run_spam,
       .node_bytes = kWholeNode,
       .choices = {choose_attackers({.for_each_node = 0.2}, {.for_each_node = 0.5}),
                   {"--rate",
                    "messages a second of each spammer",
                    &ExperimentOptions::rate,
                    {100},
                    {1},
                    {1'000}}}},
      {.name = "consistency",
       .title = "A replicated map in a network that is cut in two",
       .about =
           "The map of the guide's chapter 6, made with the library, on simulated machines. The "
           "network is cut in two while everybody writes, and mended.",
       .usual_nodes = 12,
       .min_nodes = 4,
       .max_nodes = 40,
       .run = run_consistency,
       .node_bytes = kWholeNode,
       .choices =
           {{"--rate", "rounds of writing a minute", &ExperimentOptions::rate, {10}, {1}, {20}}}},
  };
  return all;
}

}  // namespace shoal::lab
