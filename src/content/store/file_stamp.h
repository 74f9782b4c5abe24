#pragma once

#include <cstdint>

#include "system/storage.h"
#include "system/time.h"

namespace shoal::content {

/// What a file looked like when its blocks were verified; another look means they must be verified
/// again. A look alone says nothing: see is_reliable().
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  static FileStamp of(const FileInfo& info);
  /// Whether the file may be written to again without its times changing, so that this look is no
  /// sign yet that nothing happened. One that is being written is young all the time, and so is one
  /// from the future: the clock was set back, and may come to that time once more.
  bool is_young(WallTime now) const;
  /// For a file that was young when it was read. Equals no look of a file, so that its
  /// blocks are hashed once more, and trusted from then on.
  FileStamp not_yet_trusted() const { return {.size = size, .mtime_ns = mtime_ns}; }
  /// Whether nothing speaks for a change since this stamp was taken.
  bool may_be(const FileStamp& look) const {
    return *this == look || *this == look.not_yet_trusted();
  }
  bool operator==(const FileStamp&) const = default;
};

/// Whether a file that looks like this is unchanged for as long as it does. Else only hashing
/// tells.
bool is_reliable(const FileInfo& look, WallTime now);

/// Of a file that is still being written: its blocks are hashed whenever they are read.
inline constexpr FileStamp kNeverTrusted{};

}  // namespace shoal::content
