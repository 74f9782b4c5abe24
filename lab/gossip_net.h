#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "protocol/gossipsub/router.h"
#include "system/sim/random.h"
#include "system/sim/world.h"

namespace shoal::lab {

struct GossipNetOptions {
  std::size_t nodes = 0;
  /// Peers that each node dials; about twice as many are connected.
  std::size_t dials = 10;
  /// For each honest node. Each dials as many honest ones as those have honest peers, joins every
  /// mesh that takes it, and forwards nothing.
  double sybils = 0;
  /// Sends each message to every peer of the topic, as floodsub did before gossipsub.
  bool floods = false;
};

/// One topic and a few messages. Routers are the production code, scores and all; connections are
/// modelled: RPCs arrive in order after a delay that follows from where both nodes are (10 to 95 ms
/// one way), and signatures are taken as checked.
class GossipNet {
 public:
  GossipNet(const GossipNetOptions& options, std::uint64_t seed);
  ~GossipNet();
  GossipNet(const GossipNet&) = delete;
  GossipNet& operator=(const GossipNet&) = delete;

  void run_for(Duration duration) { world_.run_for(duration); }
  /// A random share of the honest nodes goes without a word.
  void let_go(double share);
  /// By a random honest node that is there, of so many bytes.
  void publish(std::size_t bytes);

  struct Result {
    std::vector<double> seconds;  // of each delivery to a node that is there, its own left out
    double delivered = 0;         // share of (node, message)
    double copies = 0;            // that a node received of a message, on average
    double bytes = 0;             // that a node received for a message, gossip and control included
  };
  Result result() const;
  /// Of the members of honest nodes' meshes, those that are Sybils: 0 to 1.
  double sybils_in_meshes() const;
  std::uint64_t trace_hash() { return world_.trace_hash(); }

 private:
  struct Node;
  struct Published {
    TimePoint at;
    std::uint32_t by;
    std::vector<TimePoint> arrived;  // by node; TimePoint::max() for never
  };

  Duration delay(std::uint32_t from, std::uint32_t to) const;
  void connect(std::uint32_t from, std::uint32_t to);
  void start(std::uint32_t index);
  void beat(std::uint32_t index);
  void act(std::uint32_t index);
  void send(std::uint32_t from, const PeerId& to, SharedBytes rpc, std::size_t copies);
  void flood(std::uint32_t index, const gossipsub::MessagePtr& message, const PeerId* from);
  void delivered(std::uint32_t index, const gossipsub::Message& message);
  bool is_honest(std::uint32_t index) const { return index < honest_; }

  const GossipNetOptions options_;
  const std::size_t honest_;
  sim::World world_;
  sim::SeededRandom random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Published> published_;
  std::uint64_t copies_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace shoal::lab
