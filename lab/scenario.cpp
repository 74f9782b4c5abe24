#include "lab/scenario.h"

#include <algorithm>

#include "lab/faults.h"
#include "lab/resume.h"
#include "lab/spread.h"

namespace shoal::lab {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"faults",
       "A few nodes share a folder, some of them with a corrupt byte, and others get it; disks, "
       "network and names fail at random, nodes lose power, the network splits.",
       "At any time what has its final name is right, progress is not overstated, and only corrupt "
       "sources are reported; once the faults end, every getter has an exact copy.",
       run_faults},
      {"resume", "One node gets a folder from another and loses power twenty times on the way.",
       "The copy is exact, and only what a loss of power took from the disk, or caught on the way "
       "there, was fetched again.",
       run_resume},
      {"spread",
       "39 or 99 nodes get a folder from one, through packet loss, reordering and partitions, "
       "while nodes crash and return.",
       "Every getter ends with an exact copy within 30 minutes of virtual time.", run_spread},
  };
  return all;
}

const Scenario* find_scenario(const std::string& name) {
  const auto found = std::ranges::find(scenarios(), name, &Scenario::name);
  return found == scenarios().end() ? nullptr : &*found;
}

}  // namespace shoal::lab
