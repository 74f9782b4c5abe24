#include "system/os/place.h"

#include <fcntl.h>

#include <algorithm>

#include "system/os/beneath.h"
#include "system/os/file_error.h"

namespace shoal::os {

namespace {

Error leaves(const std::string& shown) {
  return Error(ErrorCode::io, "the path leads out of its folder", shown);
}

/// Without empty and "." components.
std::string confined_path(const Root& root, std::string_view path) {
  if (path.starts_with('/')) throw leaves(shown_path(root, path));
  std::string out;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name == "..") throw leaves(shown_path(root, name));
    if (name.empty() || name == ".") continue;
    if (!out.empty()) out += '/';
    out += name;
  }
  return out.empty() ? "." : out;
}

}  // namespace

int Place::at() const {
  return folder ? folder.get() : AT_FDCWD;
}

std::string shown_path(const Root& root, std::string_view path) {
  if (!root.confined()) return std::string(path.empty() ? "." : path);
  return path.empty() || path == "." ? root.path : root.path + "/" + std::string(path);
}

std::string checked_path(const Root& root, std::string_view path) {
  if (path.find('\0') != path.npos) {
    throw Error(ErrorCode::io, "a name cannot contain a zero byte",
                std::string(path.substr(0, path.find('\0'))));
  }
  if (root.confined()) return confined_path(root, path);
  return std::string(path.empty() ? "." : path);
}

std::optional<Place> find_place(const Root& root, std::string_view path) {
  std::string checked = checked_path(root, path);
  std::string shown = shown_path(root, checked);
  if (!root.confined()) {
    return Place{.folder = {}, .name = std::move(checked), .path = std::move(shown)};
  }
  const auto slash = checked.rfind('/');
  const std::string parent = slash == checked.npos ? "." : checked.substr(0, slash);
  Descriptor folder = open_beneath(root.fd.get(), parent, O_PATH | O_DIRECTORY);
  if (!folder) return std::nullopt;
  std::string name = slash == checked.npos ? std::move(checked) : checked.substr(slash + 1);
  return Place{.folder = std::move(folder), .name = std::move(name), .path = std::move(shown)};
}

Place place(const Root& root, std::string_view path) {
  auto found = find_place(root, path);
  if (!found) throw file_error(errno, shown_path(root, path));
  return std::move(*found);
}

Descriptor open_path(const Root& root, const std::string& path, int flags, mode_t mode) {
  if (root.confined()) return open_beneath(root.fd.get(), path, flags, mode);
  return Descriptor(uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

}  // namespace shoal::os
