#include "content/store/file_stamp.h"

namespace shoal::content {

namespace {

/// How coarse times of change are: those of FAT, always whole seconds, and those of the kernel's
/// ticks.
constexpr Duration kCoarseTime = 2s;
constexpr Duration kFineTime = 20ms;

bool is_young_time(std::int64_t time_ns, WallTime now) {
  const std::chrono::nanoseconds time(time_ns);
  return WallTime(time) >= now - (time % 1s == 0s ? kCoarseTime : kFineTime);
}

}  // namespace

FileStamp FileStamp::of(const FileInfo& info) {
  return {.size = info.size,
          .mtime_ns = info.mtime.time_since_epoch().count(),
          .ctime_ns = info.ctime.time_since_epoch().count(),
          .inode = info.inode,
          .device = info.device};
}

bool FileStamp::is_young(WallTime now) const {
  return is_young_time(mtime_ns, now) || is_young_time(ctime_ns, now);
}

bool is_reliable(const FileInfo& look, WallTime now) {
  return look.stable_times && !FileStamp::of(look).is_young(now);
}

}  // namespace shoal::content
