#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "system/storage.h"

namespace shoal::os {

/// What lies in an open folder, in order of the names' bytes. `path` is for messages.
std::vector<FolderEntry> list_folder(int folder, const std::string& path);

/// A file, a symlink or an empty folder; absent is fine.
void remove_one(int at, const std::string& name, const std::string& path);

Error mounted_there(const std::string& path);

/// Removes all below the folder `name`, following no symlink and crossing no mount point. What
/// cannot be removed stays, the rest does not: then throws the first error.
void empty_folder(int at, const std::string& name, const std::string& path);

}  // namespace shoal::os
