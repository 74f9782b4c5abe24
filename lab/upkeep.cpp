#include "lab/upkeep.h"

namespace shoal::lab {

Upkeep::Upkeep(LightNet& net) : net_(net), tasks_(net.world().waits(), "upkeep") {
  const auto nodes = static_cast<std::uint32_t>(net.size());
  // Not all at the same moment.
  for (std::uint32_t i = 0; i < nodes; ++i) tasks_.spawn(keep_up(&net, i, kInterval / nodes * i));
}

Upkeep::~Upkeep() {
  net_.world().run(tasks_.stop());
}

Task<void> Upkeep::keep_up(LightNet* net, std::uint32_t index, Duration delay) {
  co_await net->world().clock().sleep_for(delay);
  while (true) {
    if (net->up(index)) co_await net->node(index).keep_up();
    co_await net->world().clock().sleep_for(kInterval);
  }
}

}  // namespace shoal::lab
