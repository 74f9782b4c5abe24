#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "system/os/folder.h"

namespace shoal::os {

/// A name in an open folder: what the *at system calls take.
struct Place {
  Descriptor folder;  // of a confined path; none for one that the kernel may walk by itself
  std::string name;
  std::string path;  // for messages

  int at() const;
};

/// The path as given to the kernel: "." for an empty one; for a confined root without needless
/// slashes and dots. Throws Error{io} for a NUL byte and, confined, for ".." or an absolute path.
std::string checked_path(const Root& root, std::string_view path);
std::string shown_path(const Root& root, std::string_view path);

/// Where `path` lies. None, with errno set, when a folder on the way is missing or a symbolic link.
std::optional<Place> find_place(const Root& root, std::string_view path);
/// The same, but throws.
Place place(const Root& root, std::string_view path);

/// Opens a path from a root, with errno set when it returns none. A confined one follows no link.
Descriptor open_path(const Root& root, const std::string& path, int flags, mode_t mode = 0);

}  // namespace shoal::os
