#include "lab/scenario.h"

#include <algorithm>

#include "lab/faults.h"
#include "lab/resume.h"
#include "lab/spread.h"

namespace shoal::lab {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"faults", "everything fails now and then, sources lie; all is well afterwards", run_faults},
      {"resume", "one getter that loses power twenty times", run_resume},
      {"spread", "a hundred getters, losses, partitions, nodes that die and return", run_spread},
  };
  return all;
}

const Scenario* find_scenario(const std::string& name) {
  const auto found = std::ranges::find(scenarios(), name, &Scenario::name);
  return found == scenarios().end() ? nullptr : &*found;
}

}  // namespace shoal::lab
