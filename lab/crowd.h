#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "lab/lab_node.h"
#include "system/sim/random.h"

namespace shoal::lab {

/// Where the upload of a node ends.
enum class UpLimit {
  line,  // at its router, which holds a second of what is on its way out
  node,  // as by `--up`: the line could carry more
};

struct CrowdOptions {
  UpLimit up_limit = UpLimit::line;
  std::uint64_t up_bytes = 500'000;  // a second; down is ten times as much
  std::size_t file_bytes = 3'000'000;
  std::size_t leaf_bytes = std::size_t{128} * 1024;
  /// Without it nodes know whom links name, and whom those name.
  bool dht = true;
};

/// Whole nodes on lines of limited upload, and one file that some of them have.
class Crowd {
 public:
  explicit Crowd(std::uint64_t seed, CrowdOptions options = {});
  ~Crowd();

  /// Starts one, in the network of the first that is still there if there is a DHT.
  LabNode& add();
  LabNode& operator[](std::size_t index) { return nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }

  /// The node has the file from now on, and says so.
  Cid share(LabNode& node);
  /// The same, but every part of its copy has gone bad without a trace, so that it sends other
  /// bytes than it promises.
  Cid share_rotten(LabNode& node);
  /// Nobody of these reaches another of these.
  void keep_apart(std::size_t first, std::size_t end);
  /// All of these get it at once; the time until each had it, sorted. Those that do not within
  /// `limit` are left out.
  std::vector<double> get_all(const std::vector<std::size_t>& getters, const Cid& cid,
                              const std::vector<Multiaddr>& providers, bool announces,
                              Duration limit);
  /// Whether the node has all of the file, as it should be.
  bool has_copy(LabNode& node);

  sim::World& world() { return world_; }
  sim::SeededRandom& random() { return random_; }
  const CrowdOptions& options() const { return options_; }

 private:
  const CrowdOptions options_;
  sim::World world_;
  sim::SeededRandom random_;
  std::deque<LabNode> nodes_;
  Bytes content_;
};

}  // namespace shoal::lab
