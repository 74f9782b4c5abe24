#pragma once

#include <string>

#include "net/swarm/peer_store.h"
#include "node/home.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::node {

/// Keeps over restarts where peers were reached, in a file of the node's folder: a peer of
/// yesterday is found by its id alone.
class PeerMemory {
 public:
  static constexpr const char* kFile = "peers";
  static constexpr Duration kInterval = 5min;

  /// Adds what the file says to `peers`; a node beside the first one of its home begins with what
  /// that has learnt. A damaged file counts as missing. An ephemeral node keeps nothing. Borrows
  /// the first two for its life.
  PeerMemory(System& system, net::PeerStore& peers, const Home& home, bool ephemeral);

  void start();
  /// Saves once more.
  Task<void> stop();

 private:
  void load(const std::string& folder);
  Task<void> keep_saving();
  Task<void> save();

  System& system_;
  net::PeerStore& peers_;
  const std::string path_;  // empty: nothing is kept
  Bytes saved_;
  TaskGroup tasks_;
};

}  // namespace shoal::node
