#include "cli/sim.h"

#include <cstdio>

namespace shoal::cli {

int run_sim(const std::vector<std::string>&) {
  std::fputs("error: this build has no scenarios\n", stderr);
  return 1;
}

}  // namespace shoal::cli
