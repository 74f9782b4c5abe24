#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "system/sim/packet.h"
#include "system/sim/random.h"

namespace shoal::sim {

/// What lies between two hosts, the same both ways. Chances are per packet of at most `mtu` bytes.
struct PathOptions {
  Duration latency = std::chrono::milliseconds(25);  // one way: half of the round trip
  Duration jitter{};                                 // up to this much more, which may reorder
  double loss = 0;
  double duplication = 0;  // of datagrams
  double reordering = 0;   // chance to be held back, by up to:
  Duration reordering_delay = std::chrono::milliseconds(10);
  std::uint32_t mtu = 1500;
};

/// Where a host is, and what its own line adds to each of its paths.
struct Place {
  // A point on a plane; its distance to others, in time, is added to the latency.
  Duration x{};
  Duration y{};
  Duration delay{};  // one way, added to the latency
  double loss = 0;   // chance of each packet, either way
};

/// The wide net between all hosts, which are named by index.
class Paths {
 public:
  Paths(std::uint64_t seed, PathOptions usual);

  void add_host(Place place);
  /// For all pairs without their own.
  void set_usual(PathOptions path) { usual_ = path; }
  void set(std::uint32_t a, std::uint32_t b, PathOptions path);
  const PathOptions& between(std::uint32_t a, std::uint32_t b) const;
  /// One way, without jitter.
  Duration latency(std::uint32_t a, std::uint32_t b) const;
  /// Chance of a packet to get lost, on either line or between them.
  double loss(std::uint32_t a, std::uint32_t b) const;

  /// Nothing passes between the two sets any more, also of what is on its way. Adds to what is cut
  /// already.
  void partition(std::span<const std::uint32_t> one, std::span<const std::uint32_t> other);
  /// Ends every partition.
  void heal();
  bool connected(std::uint32_t a, std::uint32_t b) const;

  /// When a packet that leaves `a` now gets to `b`; nothing when it is lost.
  std::optional<TimePoint> pass(const Packet& packet, std::uint32_t a, std::uint32_t b,
                                TimePoint at);
  bool duplicates(const Packet& packet, std::uint32_t a, std::uint32_t b);

 private:
  // Hosts on the two sides of each partition: bit 0 of a side says "in one", bit 1 "in other".
  struct Cut {
    std::vector<std::uint8_t> sides;
    std::uint8_t side(std::uint32_t host) const { return host < sides.size() ? sides[host] : 0; }
  };

  PathOptions usual_;
  std::vector<Place> places_;
  std::unordered_map<std::uint64_t, PathOptions> own_;  // by pair; never iterated
  std::vector<Cut> cuts_;
  SeededRandom random_;
};

}  // namespace shoal::sim
