#pragma once

#include <sys/types.h>

#include <string>

namespace shoal::os {

/// FileInfo::stable_times of what lies on `device`, asked of an open file there.
bool has_stable_times(dev_t device, int file);
/// The same, asked of what has the name `name` in the open folder `at`.
bool has_stable_times(dev_t device, int at, const std::string& name);

}  // namespace shoal::os
