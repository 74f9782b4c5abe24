#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <shoal/shoal.h>

namespace shoal::lab {

/// Nodes as programs make them, by the library in a simulation, on lines of one kind. All but the
/// first begin with the first.
class LibraryNodes {
 public:
  LibraryNodes(std::uint64_t seed, std::size_t count, const HostOptions& line);
  /// What the coroutines of the nodes use is destroyed after this, or stop() was called.
  ~LibraryNodes() { stop(); }

  void stop();

  Node& operator[](std::size_t index) { return nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }
  const std::vector<SimulatedHost>& hosts() const { return hosts_; }
  Simulation& world() { return world_; }

 private:
  Simulation world_;
  std::vector<SimulatedHost> hosts_;
  std::deque<Node> nodes_;
};

}  // namespace shoal::lab
