#include "lab/basics_experiment.h"
#include "lab/churn_experiment.h"
#include "lab/experiment.h"
#include "lab/gossip_experiment.h"
#include "lab/lookup_experiment.h"
#include "lab/nat_experiment.h"

namespace shoal::lab {

namespace {

constexpr const char* kLightNodes =
    " Routing tables, lookups, servers and records are the node's own code; connections are "
    "modelled as delays.";

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {
      {.name = "basics",
       .title = "Five nodes: one joins, finds, gets, serves, leaves",
       .about = "Whole nodes on five simulated machines, with every packet of theirs.",
       .usual_nodes = 5,
       .min_nodes = 5,
       .max_nodes = 5,
       .run = run_basics},
      {.name = "lookup",
       .title = "How far it is to a key, from 100 nodes to 10,000",
       .about = std::string("Lookups in networks of growing size.") + kLightNodes,
       .usual_nodes = 10'000,
       .min_nodes = 50,
       .max_nodes = 100'000,
       .run = run_lookup},
      {.name = "churn",
       .title = "Nodes that go without a word, and nodes that come and go",
       .about = std::string("A part of the network dies at once; then an hour of sessions.") +
                kLightNodes,
       .usual_nodes = 1'000,
       .min_nodes = 60,
       .max_nodes = 20'000,
       .run = run_churn},
      {.name = "gossip",
       .title = "One message to everybody: meshes, lost nodes and Sybils",
       .about = "Messages in one topic. Gossipsub's router is the node's own code; connections are "
                "modelled as delays.",
       .usual_nodes = 500,
       .min_nodes = 50,
       .max_nodes = 10'000,
       .run = run_gossip},
      {.name = "nat",
       .title = "Nodes behind NATs of every class, and a relay",
       .about = "Two whole nodes behind simulated routers and one in the open, with every packet of "
                "theirs, for each pair of classes.",
       .usual_nodes = 3,
       .min_nodes = 3,
       .max_nodes = 3,
       .run = run_nat},
  };
  return all;
}

}  // namespace shoal::lab
