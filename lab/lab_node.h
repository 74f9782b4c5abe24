#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/node.h"
#include "service/get.h"
#include "service/share.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::lab {

/// What a user of a LabNode wants to have.
struct Wish {
  Cid cid;
  std::vector<Multiaddr> providers{};
  std::string folder = "/";
  /// Tells the network as soon as it has some of it; else nobody is told that it can be got here.
  bool announces = true;
};

/// A whole node on a machine of a simulated world, in the network of `bootstrap`, and what its user
/// does with it. One life.
class LabNode {
 public:
  LabNode(sim::World& world, std::string name, sim::HostOptions host,
          std::vector<Multiaddr> bootstrap);
  /// stop() or crash() before.
  ~LabNode();
  LabNode(const LabNode&) = delete;
  LabNode& operator=(const LabNode&) = delete;

  /// As `--up`, from its start on.
  void limit_up(std::uint64_t bytes_per_second) { up_ = bytes_per_second; }
  void leave_out_dht() { dht_ = false; }
  /// Joins; returns once it is listening.
  void start();
  /// Shares what lies at `path` of its disk, under its CID, in every network that it is in. Leaves
  /// of `chunk_bytes`.
  Task<Cid> share(std::string path, std::size_t chunk_bytes = std::size_t{1} << 20);
  /// Fetches, and serves it from then on.
  Task<void> get(Wish wish);
  /// Leaves in order.
  Task<void> stop();
  /// Leaves without a word: the machine has no power any more. stop() still frees what is left.
  void crash() { host_.crash(); }

  const std::string& name() const { return name_; }
  const PeerId& id() { return node_->id(); }
  Multiaddr address() const;
  node::Node& node() { return *node_; }
  sim::Host& host() { return host_; }
  bool running() const { return node_ != nullptr && host_.up(); }
  const std::optional<service::GetResult>& result() const { return result_; }
  /// Who sent something else than was asked for.
  const std::vector<content::BadPeer>& accused() const { return accused_; }
  /// When get() had it all.
  const std::optional<TimePoint>& done_at() const { return done_at_; }

 private:
  sim::World& world_;
  const std::string name_;
  sim::Host& host_;
  const std::vector<Multiaddr> bootstrap_;
  std::uint64_t up_ = 0;
  bool dht_ = true;
  std::unique_ptr<node::Node> node_;
  std::unique_ptr<service::Share> share_;
  std::unique_ptr<service::Get> get_;
  std::optional<service::GetResult> result_;
  std::vector<content::BadPeer> accused_;
  std::optional<TimePoint> done_at_;
  TaskGroup announcing_;
};

}  // namespace shoal::lab
