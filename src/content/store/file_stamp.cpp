#include "content/store/file_stamp.h"

namespace shoal::content {

namespace {

/// How coarse times of change are: those of FAT, always whole seconds, and those of the kernel's
/// ticks.
constexpr Duration kCoarseTime = 2s;
constexpr Duration kFineTime = 20ms;

}  // namespace

FileStamp FileStamp::of(const FileInfo& info) {
  return {
      .size = info.size, .mtime_ns = info.mtime.time_since_epoch().count(), .inode = info.inode};
}

bool FileStamp::is_young(WallTime now) const {
  const std::chrono::nanoseconds mtime(mtime_ns);
  return WallTime(mtime) >= now - (mtime % 1s == 0s ? kCoarseTime : kFineTime);
}

}  // namespace shoal::content
