#include "system/os/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdint>
#include <string_view>

#include "system/os/file_error.h"

namespace shoal::os {

namespace {

bool is_symlink(int folder, const std::string& name) {
  struct stat found{};
  return ::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(found.st_mode);
}

Descriptor open_one(int folder, const std::string& name, int flags, mode_t mode) {
  Descriptor opened(uninterrupted(
      [&] { return ::openat(folder, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode); }));
  if (!opened && errno == ENOTDIR && is_symlink(folder, name)) errno = ELOOP;
  return opened;
}

}  // namespace

Descriptor open_by_components(int root, const std::string& path, int flags, mode_t mode) {
  Descriptor folder;
  std::string_view rest = path;
  for (auto slash = rest.find('/'); slash != rest.npos; slash = rest.find('/')) {
    const std::string name(rest.substr(0, slash));
    rest.remove_prefix(slash + 1);
    folder = open_one(folder ? folder.get() : root, name, O_PATH | O_DIRECTORY, 0);
    if (!folder) return {};
  }
  return open_one(folder ? folder.get() : root, std::string(rest), flags, mode);
}

Descriptor open_in_one_mount(int root, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  const auto opened =
      uninterrupted([&] { return ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)); });
  if (opened >= 0) return Descriptor(static_cast<int>(opened));
  if (errno != ENOSYS && errno != EPERM && errno != E2BIG) return {};
  // All above it have been looked at when they were opened.
  if (is_mount_root(root, path)) {
    errno = EXDEV;
    return {};
  }
  return open_by_components(root, path, O_RDONLY | O_DIRECTORY);
}

bool is_mount_root(int folder, const std::string& name) {
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  struct statx found{};
  if (::statx(folder, name.c_str(), kFlags, STATX_TYPE, &found) != 0) return false;
  // Kernels from 5.8 on tell; before that a mount of another file system shows by its number.
  if ((found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0) {
    return (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  }
  struct stat here{};
  struct stat above{};
  const std::string parent = name + "/..";
  return S_ISDIR(found.stx_mode) && ::fstatat(folder, name.c_str(), &here, kFlags) == 0 &&
         ::fstatat(folder, parent.c_str(), &above, 0) == 0 && here.st_dev != above.st_dev;
}

Descriptor open_beneath(int root, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  // Without O_NOFOLLOW, which would turn the ELOOP of a symlink at the end into an ENOTDIR.
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const auto opened =
      uninterrupted([&] { return ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)); });
  if (opened >= 0) return Descriptor(static_cast<int>(opened));
  if (errno == ENOSYS || errno == EPERM || errno == E2BIG) {
    return open_by_components(root, path, flags, mode);
  }
  return {};
}

}  // namespace shoal::os
