#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/system.h"

namespace shoal::node {

/// The folder of one running node, locked: its key, its port, its index.
///
/// The first node of a home has the home itself. Others that run at the same time have folders of
/// their own in it (`node-2`, `node-3`, …), so that each is a whole node and none waits for
/// another.
class Home {
 public:
  /// Nodes of one home that run at once.
  static constexpr int kMaxNodes = 64;

  /// Makes the home when absent, for its owner alone. Throws Error{io}, and Error{locked} when
  /// kMaxNodes run there.
  Home(System& system, const std::string& path);

  /// What the user named, absolute.
  const std::string& root() const { return root_; }
  /// This node's own.
  const std::string& folder() const { return folder_; }
  bool is_first() const { return folder_ == root_; }

 private:
  std::string root_;
  std::string folder_;
  std::unique_ptr<FileLock> lock_;
};

/// The folders of a home that nodes have or had, the first node's first. `home` is absolute.
std::vector<std::string> node_folders(Storage& storage, const std::string& home);

/// Where the lock of a node's folder lies.
std::string lock_path(const std::string& folder);

}  // namespace shoal::node
