#pragma once

#include <optional>
#include <string>

#include "system/storage.h"

namespace shoal::content {

/// The folder with a node's private key and index, which is never imported. Known by what it is,
/// not by its path: many may lead to it. Calls block.
class OwnHome {
 public:
  /// Empty: there is none. It need not exist.
  OwnHome(Storage& storage, const std::string& path);

  bool is(const FileInfo& info) const;
  /// Whether `path`, from the root on, is the home or lies in it.
  bool holds(Storage& storage, std::string path) const;

 private:
  std::optional<FileInfo> home_;
};

}  // namespace shoal::content
