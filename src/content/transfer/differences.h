#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system/storage.h"

namespace shoal::content {

/// Files of a target that a link does not have, so that replacing the target loses them.
struct LostFiles {
  static constexpr std::size_t kNamed = 5;

  std::uint64_t files = 0;  // symlinks and whatever else is no folder, too
  std::uint64_t bytes = 0;
  std::vector<std::string> first;  // paths below the target; "" is the target itself

  /// All that is at `path` and below it in `root`, which may be anything. What cannot be looked
  /// into is not counted. Blocks.
  void add_all(Folder& folder, const std::string& root, const std::string& path);
  void add(const LostFiles& more);
  /// "3 files (a, b, c)"; empty when there are none.
  std::string to_text() const;
};

/// What of a tree the file system of its target cannot hold.
struct NotPlaced {
  std::string path;  // below the target; for a folder also all that is in it
  std::string reason;
};

class NotPlacedList {
 public:
  static constexpr std::size_t kListed = 100;

  void add(std::string path, std::string reason);
  /// The first of them.
  const std::vector<NotPlaced>& listed() const { return listed_; }
  std::uint64_t count() const { return count_; }

 private:
  std::vector<NotPlaced> listed_;
  std::uint64_t count_ = 0;
};

}  // namespace shoal::content
