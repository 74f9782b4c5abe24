#pragma once

#include <array>
#include <string>

#include "content/store/file_stamp.h"
#include "system/storage.h"

namespace shoal::content {

/// What the files of an index look like: two that are equal say that nobody wrote in between.
struct IndexLook {
  static constexpr std::size_t kWalHeaderBytes = 32;

  static IndexLook at(Storage& storage, const std::string& path);

  std::array<FileStamp, 2> stamps;
  /// It holds two salts, which are new whenever the log begins anew.
  std::array<std::uint8_t, kWalHeaderBytes> wal_header{};
  bool operator==(const IndexLook&) const = default;
};

}  // namespace shoal::content
