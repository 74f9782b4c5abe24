#include "system/os/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>

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

Error mounted_there(const std::string& path) {
  return Error(ErrorCode::io, "another file system is mounted there", path, "unmount it first");
}

namespace {

/// Removes a tree and remembers what could not be.
class Removal {
 public:
  Removal(int top, const std::string& path) : top_(top), path_(path) {}

  void run() {
    // Relative to `top_`, each after the one it lies in: no recursion, whatever the depth.
    std::vector<std::string> folders = {"."};
    for (std::size_t i = 0; i < folders.size(); ++i) {
      const std::string inner = folders[i];
      attempt([&] { remove_in(inner, folders); });
    }
    for (std::size_t i = folders.size(); i-- > 1;) {
      attempt([&] { remove_one(top_, folders[i], shown(folders[i])); });
    }
    if (first_error_) throw Error(*first_error_);
  }

 private:
  std::string shown(const std::string& inner) const {
    return inner == "." ? path_ : path_ + "/" + inner;
  }

  void remove_in(const std::string& inner, std::vector<std::string>& folders) {
    const Descriptor folder = open_in_one_mount(top_, inner);
    if (!folder && errno == EXDEV) throw mounted_there(shown(inner));
    if (!folder) throw file_error(errno, shown(inner));
    for (auto& entry : list_folder(folder.get(), shown(inner))) {
      const std::string below = inner == "." ? entry.name : inner + "/" + entry.name;
      if (entry.kind == FileKind::folder) {
        folders.push_back(below);
      } else {
        attempt([&] { remove_one(folder.get(), entry.name, shown(below)); });
      }
    }
  }

  template <class Call>
  void attempt(Call call) {
    try {
      call();
    } catch (const Error& error) {
      if (!first_error_) first_error_ = error;
    }
  }

  const int top_;
  const std::string& path_;
  std::optional<Error> first_error_;
};

}  // namespace

void empty_folder(int at, const std::string& name, const std::string& path) {
  const Descriptor top(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) throw file_error(errno, path);
  Removal(top.get(), path).run();
}

}  // namespace shoal::os
