#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "system/storage.h"

namespace shoal::content {

/// The names in a folder at one moment, and which of them a walk has come by. Packed: a folder may
/// have millions. A name counts only as it is written, also where the disk takes others for it.
class FolderNames {
 public:
  FolderNames() = default;
  /// In order of the names' bytes, as Folder::list() gives them.
  explicit FolderNames(const std::vector<FolderEntry>& entries);

  bool has(std::string_view name) const;
  /// Whether it is there and is marked for the first time.
  bool mark(std::string_view name);
  std::vector<std::string> unmarked() const;
  std::size_t size() const { return ends_.size(); }

 private:
  std::string_view at(std::size_t index) const;
  /// size() when it is not there.
  std::size_t find(std::string_view name) const;

  std::string names_;
  std::vector<std::size_t> ends_;
  std::vector<bool> marked_;
};

/// The folder that a path lies in and its name there; both empty for "".
std::string_view folder_of(std::string_view path);
std::string_view name_of(std::string_view path);

}  // namespace shoal::content
