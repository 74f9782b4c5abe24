#include "lab/experiment.h"
#include "lab/lookup_experiment.h"

namespace shoal::lab {

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {
      {.name = "lookup",
       .title = "How far is it to a key?",
       .about = "Kademlia lookups in networks of growing size. Routing tables, queries and servers "
                "are the node's own code; connections are modelled as delays.",
       .usual_nodes = 10'000,
       .min_nodes = 50,
       .max_nodes = 100'000,
       .run = run_lookup},
  };
  return all;
}

}  // namespace shoal::lab
