#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/shared_bytes.h"
#include "system/sim/random.h"
#include "system/sim/world.h"

namespace shoal::lab {

struct GossipLinkOptions {
  /// One way between any two nodes. None: 10 to 95 ms, by where both are.
  std::optional<Duration> latency{};
  /// Added at random, as a share of the latency.
  double jitter = 0.1;
  /// Of each node, up and down; 0: without limit.
  double bytes_per_second = 0;
};

/// Connections as routers see them: RPCs in order, after a delay. A node's line up is shared by its
/// peers in turn, 16 KiB each; of one peer control goes first. No packets, handshakes or losses.
class GossipLinks {
 public:
  struct Item {
    SharedBytes rpc;
    std::size_t bytes = 0;  // that the line is charged for
    bool control = true;
    std::size_t messages = 0;  // in it
  };
  using Arrive = std::function<void(std::uint32_t from, std::uint32_t to, const Item& item)>;

  GossipLinks(sim::World& world, GossipLinkOptions options, std::uint64_t seed, Arrive arrive);

  void add_node();
  void send(std::uint32_t from, std::uint32_t to, Item item);

 private:
  struct Queue {
    std::deque<Item> control;
    std::deque<Item> bulk;
    std::size_t sent = 0;  // of the first, which is under way
    bool sends_bulk = false;
  };
  struct Node {
    double x;
    double y;
    std::map<std::uint32_t, Queue> waiting;  // by peer; only those with something in it
    std::deque<std::uint32_t> turns;
    bool busy = false;
    TimePoint down_free{};
  };

  Duration delay(std::uint32_t from, std::uint32_t to);
  Duration line_time(std::size_t bytes) const;
  void serve(std::uint32_t from);
  void served(std::uint32_t from, std::uint32_t to, std::size_t bytes);
  void travel(std::uint32_t from, std::uint32_t to, Item item);
  void land(std::uint32_t from, std::uint32_t to, const Item& item);

  sim::World& world_;
  const GossipLinkOptions options_;
  const Arrive arrive_;
  sim::SeededRandom random_;
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, TimePoint> last_arrival_;  // never iterated
};

}  // namespace shoal::lab
