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

namespace shoal::lab {

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

  /// Joins; returns once it is listening.
  void start();
  /// Shares what lies at `path` of its disk, under its CID, in every network that it is in.
  Task<Cid> share(std::string path);
  /// Fetches into `folder`. Serves it afterwards when `serves`.
  Task<void> get(Cid cid, std::vector<Multiaddr> providers, std::string folder, bool serves);
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
  /// What keeps others from finding it is done.
  Task<void> settle() { return node_->routing().settle(); }

 private:
  const std::string name_;
  sim::Host& host_;
  const std::vector<Multiaddr> bootstrap_;
  std::unique_ptr<node::Node> node_;
  std::unique_ptr<service::Share> share_;
  std::unique_ptr<service::Get> get_;
  std::optional<service::GetResult> result_;
};

}  // namespace shoal::lab
