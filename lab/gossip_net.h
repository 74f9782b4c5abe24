#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/gossip_links.h"
#include "lab/gossip_sybil.h"
#include "protocol/gossipsub/router.h"
#include "system/sim/random.h"
#include "system/sim/world.h"

namespace shoal::lab {

enum class Spreading : std::uint8_t {
  flooding,  // to every peer of the topic, as floodsub did before gossipsub
  plain,     // gossipsub 1.2
  trees,     // gossipsub 1.3 with Shoal's extension
};

struct GossipNetOptions {
  std::size_t nodes = 0;
  Spreading spreading = Spreading::plain;
  /// Peers that each node dials; about twice as many are connected.
  std::size_t dials = 10;
  /// Only these nodes publish, in turn: the first ones, which are where chance put them.
  std::size_t publishers = 10;
  GossipLinkOptions links{};
  /// What a byte of a message stands for, so that large messages take less memory here.
  std::size_t scale = 1;
  gossipsub::Parameters parameters{};
  /// Nobody is connected before connect_all().
  bool connect_later = false;
};

/// One topic and a few messages. Routers are the production code, scores and all; connections are
/// modelled as in GossipLinks, and signatures are taken as checked.
class GossipNet {
 public:
  GossipNet(const GossipNetOptions& options, std::uint64_t seed);
  ~GossipNet();
  GossipNet(const GossipNet&) = delete;
  GossipNet& operator=(const GossipNet&) = delete;

  void connect_all();
  void run_for(Duration duration) { world_.run_for(duration); }
  /// A random share of the honest nodes goes without a word; publishers stay.
  void let_go(double share);
  /// Attackers that connect to honest nodes now, and behave as told.
  void add_sybils(const SybilOptions& sybils);
  /// By the next publisher, of so many bytes. Counts in the result when `measured`.
  void publish(std::size_t bytes, bool measured = true);
  /// Traffic counts from now on.
  void begin_measuring();

  struct Result {
    std::vector<double> seconds;  // of each delivery to a node that is there, its own left out
    double delivered = 0;         // share of (node, message)
    double copies = 0;            // that a node received of a message, on average
    double bytes = 0;             // that a node received for a message, gossip and control included
    double duplicates() const { return copies > delivered ? copies - delivered : 0; }
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
    bool measured;
    std::vector<TimePoint> arrived;  // by node; TimePoint::max() for never
  };

  std::uint32_t add_node(gossipsub::Parameters parameters);
  void connect(std::uint32_t from, std::uint32_t to);
  void beat(std::uint32_t index);
  void tick(std::uint32_t index);
  void arm_tick(std::uint32_t index);
  void act(std::uint32_t index);
  void send_control(std::uint32_t index, const gossipsub::SendControl& control);
  void perform(std::uint32_t index, const gossipsub::Action& action);
  void send(std::uint32_t from, const PeerId& to, GossipLinks::Item item);
  void arrive(std::uint32_t from, std::uint32_t to, const GossipLinks::Item& item);
  void flood(std::uint32_t index, const gossipsub::MessagePtr& message, const PeerId* from);
  void delivered(std::uint32_t index, const gossipsub::Message& message);
  gossipsub::MessagePtr make_message(std::uint32_t by, std::size_t bytes) const;
  bool is_honest(std::uint32_t index) const { return index < honest_; }
  /// What an RPC costs with so many bytes of a message in it.
  std::size_t charge(std::size_t rpc_bytes, std::size_t message_bytes) const {
    return rpc_bytes + message_bytes * (options_.scale - 1);
  }
  GossipLinks::Item carry(const gossipsub::MessagePtr& message) const;
  GossipLinks::Item carry(const gossipsub::SendPiece& piece) const;

  void add_sybil(const SybilOptions& options);
  void connect_sybil(const SybilOptions& options, std::uint32_t sybil);
  bool matters_to_sybils(const gossipsub::Rpc& rpc) const;

  const GossipNetOptions options_;
  const std::size_t honest_;
  const std::uint64_t seed_;
  sim::World world_;
  sim::SeededRandom random_;
  GossipLinks links_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<GossipSybil>> sybils_;  // those after the honest nodes
  std::vector<Published> published_;
  std::uint64_t copies_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace shoal::lab
