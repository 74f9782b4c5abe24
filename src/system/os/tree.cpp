#include "system/os/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "system/os/beneath.h"
#include "system/os/file.h"
#include "system/os/file_error.h"

namespace shoal::os {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

OpenFolder open_again(int folder, const std::string& path) {
  // Its own descriptor: closedir closes what it was given.
  Descriptor own(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) throw file_error(errno, path);
  OpenFolder opened(::fdopendir(own.get()));
  if (!opened) throw file_error(errno, path);
  own.release();
  return opened;
}

FileKind kind_of(int folder, const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return FileKind::file;
    case DT_DIR:
      return FileKind::folder;
    case DT_LNK:
      return FileKind::symlink;
    case DT_UNKNOWN:
      break;
    default:
      return FileKind::other;
  }
  struct stat found{};
  if (::fstatat(folder, entry.d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) return FileKind::other;
  return info_of(found).kind;
}

}  // namespace

std::vector<FolderEntry> list_folder(int folder, const std::string& path) {
  const OpenFolder opened = open_again(folder, path);
  std::vector<FolderEntry> found;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(opened.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    found.push_back({.name = std::move(name), .kind = kind_of(folder, *entry)});
  }
  if (errno != 0) throw file_error(errno, path);
  std::ranges::sort(found, {}, &FolderEntry::name);
  return found;
}

void remove_one(int at, const std::string& name, const std::string& path) {
  if (::unlinkat(at, name.c_str(), 0) == 0 || errno == ENOENT || errno == ENOTDIR) return;
  // POSIX says EPERM for a folder, Linux EISDIR.
  const int cause = errno;
  if (cause != EISDIR && cause != EPERM) throw file_error(cause, path);
  if (::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
  throw file_error(errno == ENOTDIR ? cause : errno, path);
}

void empty_folder(int at, const std::string& name, const std::string& path) {
  const Descriptor top(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) throw file_error(errno, path);
  // Relative to `top`, each after the one it lies in: no recursion, whatever the depth.
  std::vector<std::string> folders = {"."};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::string inner = folders[i];
    const Descriptor folder = open_beneath(top.get(), inner, O_RDONLY | O_DIRECTORY);
    if (!folder) throw file_error(errno, path + "/" + inner);
    for (auto& entry : list_folder(folder.get(), path + "/" + inner)) {
      if (entry.kind == FileKind::folder) {
        folders.push_back(inner == "." ? entry.name : inner + "/" + entry.name);
      } else {
        remove_one(folder.get(), entry.name, path + "/" + inner + "/" + entry.name);
      }
    }
  }
  for (std::size_t i = folders.size(); i-- > 1;) {
    remove_one(top.get(), folders[i], path + "/" + folders[i]);
  }
}

}  // namespace shoal::os
