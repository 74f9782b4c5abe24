#include "system/os/file_system.h"

#include <fcntl.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "system/os/descriptor.h"

namespace shoal::os {

namespace {

/// Those of a disk or of memory that set ctime at every change, by statfs's f_type. All others are
/// in doubt: NFS, SMB, 9p, Ceph, FUSE, FAT and whatever is not known here.
constexpr std::array<std::uint32_t, 16> kStable = {
    0xef53,      // ext2, ext3, ext4
    0x58465342,  // XFS
    0x9123683e,  // Btrfs
    0x2fc12fc1,  // ZFS
    0xca451a4e,  // bcachefs
    0xf2f52010,  // F2FS
    0x3153464a,  // JFS
    0x52654973,  // ReiserFS
    0x3434,      // NILFS
    0x01021994,  // tmpfs
    0x858458f6,  // ramfs
    0x794c7630,  // overlayfs, which passes on those of the file systems below it
    0x73717368,  // SquashFS
    0xe0f5e1e2,  // EROFS
    0x9660,      // ISO 9660
    0x15013346,  // UDF
};

/// Numbers of devices are given anew when a file system is unmounted, and asking one of a network
/// takes a round trip.
constexpr auto kKnownFor = std::chrono::seconds(10);

using SteadyTime = std::chrono::steady_clock::time_point;

struct Answers {
  struct Answer {
    bool stable;
    SteadyTime until;
  };
  std::mutex mutex;
  std::map<dev_t, Answer> by_device;
};

Answers& answers() {
  static Answers all;
  return all;
}

std::optional<bool> known(dev_t device, SteadyTime now) {
  Answers& all = answers();
  const std::lock_guard lock(all.mutex);
  const auto found = all.by_device.find(device);
  if (found == all.by_device.end() || found->second.until <= now) return std::nullopt;
  return found->second.stable;
}

bool ask(dev_t device, int file, SteadyTime now) {
  struct statfs found{};
  const bool stable =
      ::fstatfs(file, &found) == 0 &&
      std::ranges::find(kStable, static_cast<std::uint32_t>(found.f_type)) != kStable.end();
  Answers& all = answers();
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.by_device, [now](const auto& each) { return each.second.until <= now; });
  all.by_device[device] = {.stable = stable, .until = now + kKnownFor};
  return stable;
}

}  // namespace

bool has_stable_times(dev_t device, int file) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (const auto answer = known(device, now)) return *answer;
  return ask(device, file, now);
}

bool has_stable_times(dev_t device, int at, const std::string& name) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (const auto answer = known(device, now)) return *answer;
  const Descriptor file(::openat(at, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  return file && ask(device, file.get(), now);
}

}  // namespace shoal::os
