#include "lab/library_nodes.h"

#include <utility>

namespace shoal::lab {

LibraryNodes::LibraryNodes(std::uint64_t seed, std::size_t count, const HostOptions& line)
    : world_({.seed = seed}) {
  for (std::size_t i = 0; i < count; ++i) {
    hosts_.push_back(world_.add_host(line));
    NodeOptions options;
    if (i > 0) options.bootstrap = {nodes_.front().addresses().front()};
    options.lan =
        i == 0;  // else it would take part in no network, and the others find nobody by it
    nodes_.emplace_back(hosts_.back(), std::move(options)).start();
  }
}

void LibraryNodes::stop() {
  for (Node& node : nodes_) node.stop();
}

}  // namespace shoal::lab
