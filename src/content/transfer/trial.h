#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "system/storage.h"

namespace shoal::content {

/// Finds out whether a file system could hold what is missing in a tree, by making the like of it
/// in a folder of its own, which is gone again with this. All block.
class Trial {
 public:
  /// Borrows the folder. `name`: of the trial folder in it.
  Trial(Folder& folder, std::string name);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  /// Why nothing of this name, kind and size can be made; none when it can, or when nothing at all
  /// can be made there.
  std::optional<std::string> refusal(const std::string& name, FileKind kind, std::uint64_t size);

 private:
  void make(const std::string& at, FileKind kind, std::uint64_t size);

  Folder& folder_;
  const std::string name_;
  bool made_ = false;
};

}  // namespace shoal::content
