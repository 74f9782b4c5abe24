#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "system/os/descriptor.h"
#include "system/storage.h"

namespace shoal::os {

/// All but `stable_times`, which stat does not tell.
FileInfo info_of(const struct stat& found);
timespec time_spec(WallTime time);

/// Takes over what was just opened. Throws Error{io} when it is no regular file.
std::unique_ptr<File> regular_file(Descriptor opened, std::string path);

}  // namespace shoal::os
