#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "lab/nat_net.h"
#include "node/node.h"
#include "service/topics.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::lab {

/// Whole nodes that talk: the first is a relay in the open that all begin with, the last two are
/// behind routers that nobody gets through, and have a place at the relay.
class TalkNet {
 public:
  static constexpr std::size_t kHidden = 2;

  TalkNet(std::uint64_t seed, std::size_t nodes);
  ~TalkNet();

  std::size_t size() const { return members_.size(); }
  node::Node& node(std::size_t index) { return *members_[index].node; }
  const PeerId& id(std::size_t index) { return node(index).id(); }
  sim::World& world() { return world_; }
  Duration round_trip(std::size_t one, std::size_t other) const;

  /// What each has sent since the last call, in bytes on its line: payload, encryption, headers and
  /// whatever else nodes say to each other meanwhile.
  std::vector<double> take_sent();

 private:
  struct Member {
    std::unique_ptr<sim::Nat> nat;
    sim::Host* host = nullptr;
    std::unique_ptr<node::Node> node;
    std::uint64_t told = 0;
  };
  void add(bool hidden);

  sim::World world_;
  std::deque<Member> members_;
};

}  // namespace shoal::lab
