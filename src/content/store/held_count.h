#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "content/store/block_store.h"
#include "system/system.h"

namespace shoal::content {

/// Counts which of many blocks are held, looking once at each file that some of them lie in: the
/// index alone does not know of a file that is gone or was changed.
class HeldCount {
 public:
  /// Borrows both for its life.
  HeldCount(System& system, BlockStore& store) : system_(system), store_(store) {}

  /// As the store is now. Looks at files now and then, so that few have to be remembered.
  Task<void> add(const Multihash& hash);
  /// Of those added, in the index or in a file that looks as when they were verified.
  Task<std::uint64_t> count();

 private:
  struct File {
    std::string path;
    FileStamp stamp;
    bool same = false;
  };

  Task<void> look_at_files();
  Task<void> count_files();

  System& system_;
  BlockStore& store_;
  std::uint64_t in_index_ = 0;
  std::uint64_t in_same_files_ = 0;
  std::map<FileId, File> files_;
  std::map<std::vector<FileId>, std::uint64_t> in_files_;  // blocks that lie in just these
};

}  // namespace shoal::content
