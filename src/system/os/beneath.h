#pragma once

#include <sys/types.h>

#include <string>

#include "system/os/descriptor.h"

namespace shoal::os {

/// Opens `path` below the folder `root` and follows no symbolic link on the way or at the end.
/// `path` has no "..", is relative and not empty ("." for the root itself). Returns none with errno
/// set: ELOOP for a symbolic link, else as open does.
Descriptor open_beneath(int root, const std::string& path, int flags, mode_t mode = 0);

/// Opens a folder in the same way, without crossing a mount point: EXDEV.
Descriptor open_in_one_mount(int root, const std::string& path);

/// Whether something is mounted at the name; false when nothing is there.
bool is_mount_root(int folder, const std::string& name);

/// The same, one component at a time, for kernels before 5.6 and jails that hide openat2.
Descriptor open_by_components(int root, const std::string& path, int flags, mode_t mode = 0);

}  // namespace shoal::os
