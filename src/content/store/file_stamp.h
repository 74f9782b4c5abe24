#pragma once

#include <cstdint>

#include "system/storage.h"
#include "system/time.h"

namespace shoal::content {

/// What a file looked like when its blocks were verified; another look means they must be verified
/// again.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t inode = 0;
  static FileStamp of(const FileInfo& info);
  /// Whether the file may be written to again without its time changing, so that this look is no
  /// sign yet that nothing happened. One that is being written is young all the time.
  bool is_young(WallTime now) const;
  /// For a file that was young when it was read. Equals no look of a file, so that its blocks are
  /// hashed once more, and trusted from then on.
  FileStamp not_yet_trusted() const { return {.size = size, .mtime_ns = mtime_ns, .inode = 0}; }
  /// Whether nothing speaks for a change since this stamp was taken.
  bool may_be(const FileStamp& look) const {
    return *this == look || *this == look.not_yet_trusted();
  }
  bool operator==(const FileStamp&) const = default;
};

/// Of a file that is still being written: its blocks are hashed whenever they are read.
inline constexpr FileStamp kNeverTrusted{};

}  // namespace shoal::content
