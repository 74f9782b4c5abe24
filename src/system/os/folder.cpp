#include "system/os/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "system/os/beneath.h"
#include "system/os/file.h"
#include "system/os/file_error.h"
#include "system/os/file_system.h"
#include "system/os/place.h"
#include "system/os/tree.h"

namespace shoal::os {

namespace {

int open_flags(Access access) {
  // Without O_NONBLOCK a FIFO would wait for its other end before it could be refused.
  constexpr int kAlways = O_NONBLOCK | O_NOCTTY;
  switch (access) {
    case Access::read:
      return O_RDONLY | kAlways;
    case Access::write:
      return O_RDWR | kAlways;
    case Access::create:
      return O_RDWR | O_CREAT | kAlways;
    case Access::create_new:
      return O_RDWR | O_CREAT | O_EXCL | kAlways;
  }
  return O_RDONLY | kAlways;
}

bool is_absent(int cause) {
  // What cannot have the name is not there under it either.
  return cause == ENOENT || cause == ENOTDIR || cause == ENAMETOOLONG || cause == EILSEQ;
}

std::optional<struct stat> look(const Place& where, int flags = AT_SYMLINK_NOFOLLOW) {
  struct stat found{};
  if (::fstatat(where.at(), where.name.c_str(), &found, flags) == 0) return found;
  if (is_absent(errno)) return std::nullopt;
  throw file_error(errno, where.path);
}

/// RENAME_NOREPLACE for file systems that do not know it.
int rename_beside(const Place& from, const Place& to) {
  if (::linkat(from.at(), from.name.c_str(), to.at(), to.name.c_str(), 0) == 0) {
    return ::unlinkat(from.at(), from.name.c_str(), 0);
  }
  // A folder has no second name, and on some file systems nothing has.
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return -1;
  if (look(to)) {
    errno = EEXIST;
    return -1;
  }
  return ::renameat(from.at(), from.name.c_str(), to.at(), to.name.c_str());
}

/// Some file systems (exFAT by FUSE) say of a name that they do not take that it is not there.
Error cannot_create(const Root& root, std::string_view path, int cause) {
  if (cause == ENOENT && root.confined()) {
    const auto where = find_place(root, path);
    struct stat parent{};
    const bool parent_is_there = where && ::fstat(where->at(), &parent) == 0 && parent.st_nlink > 0;
    if (parent_is_there) cause = EINVAL;
  }
  return creation_error(cause, shown_path(root, path));
}

void must(int result, const std::string& path) {
  if (result < 0) throw file_error(errno, path);
}

}  // namespace

template <class Base>
std::unique_ptr<File> HostFolder<Base>::open(std::string_view path, Access access) {
  const std::string checked = checked_path(root_, path);
  Descriptor opened = open_path(root_, checked, open_flags(access), 0666);
  const bool creates = access == Access::create || access == Access::create_new;
  if (!opened && creates) throw cannot_create(root_, checked, errno);
  if (!opened) throw file_error(errno, shown_path(root_, checked));
  return regular_file(std::move(opened), shown_path(root_, checked));
}

template <class Base>
std::optional<FileInfo> HostFolder<Base>::info(std::string_view path) {
  const auto where = find_place(root_, path);
  if (!where && is_absent(errno)) return std::nullopt;
  if (!where) throw file_error(errno, shown_path(root_, path));
  const auto found = look(*where);
  if (!found) return std::nullopt;
  FileInfo info = info_of(*found);
  info.stable_times = has_stable_times(found->st_dev, where->at(), where->name);
  return info;
}

template <class Base>
std::vector<FolderEntry> HostFolder<Base>::list(std::string_view path) {
  const std::string checked = checked_path(root_, path);
  const Descriptor folder = open_path(root_, checked, O_RDONLY | O_DIRECTORY);
  if (!folder) throw file_error(errno, shown_path(root_, checked));
  return list_folder(folder.get(), shown_path(root_, checked));
}

template <class Base>
std::string HostFolder<Base>::read_link(std::string_view path) {
  const Place where = place(root_, path);
  std::array<char, 4096> target;
  const auto length = ::readlinkat(where.at(), where.name.c_str(), target.data(), target.size());
  if (length < 0 && errno == EINVAL) {
    throw Error(ErrorCode::io, "not a symbolic link", where.path);
  }
  if (length < 0) throw file_error(errno, where.path);
  return {target.data(), static_cast<std::size_t>(length)};
}

template <class Base>
void HostFolder<Base>::make_link(std::string_view target, std::string_view path) {
  const Place where = place(root_, path);
  if (target.find('\0') != target.npos) {
    throw Error(ErrorCode::io, "a name cannot contain a zero byte", where.path);
  }
  if (::symlinkat(std::string(target).c_str(), where.at(), where.name.c_str()) == 0) return;
  if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) {
    throw Error(ErrorCode::unsupported, "this file system has no symlinks", where.path);
  }
  throw cannot_create(root_, path, errno);
}

template <class Base>
void HostFolder<Base>::make_folder(std::string_view path) {
  const Place where = place(root_, path);
  if (::mkdirat(where.at(), where.name.c_str(), 0777) == 0) return;
  if (errno != EEXIST) throw cannot_create(root_, path, errno);
  const auto there = look(where, root_.confined() ? AT_SYMLINK_NOFOLLOW : 0);
  if (!there || !S_ISDIR(there->st_mode)) throw file_error(EEXIST, where.path);
}

template <class Base>
void HostFolder<Base>::rename(std::string_view from, std::string_view to, bool replace) {
  const Place source = place(root_, from);
  const Place target = place(root_, to);
  const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
  int result =
      ::renameat2(source.at(), source.name.c_str(), target.at(), target.name.c_str(), flags);
  if (result != 0 && !replace && (errno == EINVAL || errno == ENOSYS)) {
    result = rename_beside(source, target);
  }
  if (result != 0) throw file_error(errno, errno == ENOENT ? source.path : target.path);
}

template <class Base>
bool HostFolder<Base>::exchange(std::string_view one, std::string_view other) {
  const Place first = place(root_, one);
  const Place second = place(root_, other);
  const int result = ::renameat2(first.at(), first.name.c_str(), second.at(), second.name.c_str(),
                                 RENAME_EXCHANGE);
  if (result == 0) return true;
  if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) return false;
  throw file_error(errno, look(first) ? second.path : first.path);
}

template <class Base>
void HostFolder<Base>::remove(std::string_view path) {
  const auto where = find_place(root_, path);
  if (!where && is_absent(errno)) return;
  if (!where) throw file_error(errno, shown_path(root_, path));
  remove_one(where->at(), where->name, where->path);
}

template <class Base>
void HostFolder<Base>::remove_tree(std::string_view path) {
  const auto where = find_place(root_, path);
  if (!where && is_absent(errno)) return;
  if (!where) throw file_error(errno, shown_path(root_, path));
  const auto found = look(*where);
  if (!found) return;
  if (is_mount_root(where->at(), where->name)) throw mounted_there(where->path);
  try {
    if (S_ISDIR(found->st_mode)) empty_folder(where->at(), where->name, where->path);
  } catch (const Error&) {
    // An empty folder that nobody may look into can be removed all the same.
    if (::unlinkat(where->at(), where->name.c_str(), AT_REMOVEDIR) == 0) return;
    throw;
  }
  remove_one(where->at(), where->name, where->path);
}

template <class Base>
bool HostFolder<Base>::is_mount_point(std::string_view path) {
  const auto where = find_place(root_, path);
  if (!where && is_absent(errno)) return false;
  if (!where) throw file_error(errno, shown_path(root_, path));
  return is_mount_root(where->at(), where->name);
}

template <class Base>
bool HostFolder<Base>::set_attribute(std::string_view folder, std::string_view name,
                                     std::string_view value) {
  const std::string checked = checked_path(root_, folder);
  const Descriptor opened = open_path(root_, checked, O_RDONLY | O_DIRECTORY);
  if (!opened) throw file_error(errno, shown_path(root_, checked));
  const std::string key = "user." + std::string(name);
  return ::fsetxattr(opened.get(), key.c_str(), value.data(), value.size(), 0) == 0;
}

template <class Base>
std::optional<std::string> HostFolder<Base>::attribute(std::string_view folder,
                                                       std::string_view name) {
  const std::string checked = checked_path(root_, folder);
  const Descriptor opened = open_path(root_, checked, O_RDONLY | O_DIRECTORY);
  if (!opened) return std::nullopt;
  const std::string key = "user." + std::string(name);
  std::array<char, 256> value;
  const auto length = ::fgetxattr(opened.get(), key.c_str(), value.data(), value.size());
  if (length < 0) return std::nullopt;
  return std::string(value.data(), static_cast<std::size_t>(length));
}

template <class Base>
void HostFolder<Base>::set_mode(std::string_view path, std::uint32_t mode) {
  const Place where = place(root_, path);
  const int flags = root_.confined() ? AT_SYMLINK_NOFOLLOW : 0;
  must(::fchmodat(where.at(), where.name.c_str(), mode & 07777, flags), where.path);
}

template <class Base>
void HostFolder<Base>::set_mtime(std::string_view path, WallTime mtime) {
  const Place where = place(root_, path);
  const std::array<timespec, 2> times = {timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                                         time_spec(mtime)};
  must(::utimensat(where.at(), where.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), where.path);
}

template <class Base>
void HostFolder<Base>::sync_names(std::string_view path) {
  const std::string checked = checked_path(root_, path);
  const Descriptor folder = open_path(root_, checked, O_RDONLY | O_DIRECTORY);
  if (!folder) throw file_error(errno, shown_path(root_, checked));
  const int result = uninterrupted([&] { return ::fsync(folder.get()); });
  // Some file systems, of a network or of FUSE, have nothing to sync in a folder.
  if (result != 0 && (errno == EINVAL || errno == EOPNOTSUPP)) return;
  must(result, shown_path(root_, checked));
}

template <class Base>
void HostFolder<Base>::sync_all() {
  // syncfs takes no descriptor that was opened with O_PATH only.
  const Descriptor folder = open_path(root_, ".", O_RDONLY | O_DIRECTORY);
  if (!folder) throw file_error(errno, shown_path(root_, ""));
  must(uninterrupted([&] { return ::syncfs(folder.get()); }), shown_path(root_, ""));
}

template <class Base>
std::uint64_t HostFolder<Base>::free_bytes() {
  struct statvfs found{};
  const int result = root_.confined() ? ::fstatvfs(root_.fd.get(), &found) : ::statvfs(".", &found);
  must(result, shown_path(root_, ""));
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

template <class Base>
std::unique_ptr<Folder> HostFolder<Base>::confined(std::string_view path) {
  const std::string checked = checked_path(root_, path);
  Descriptor folder = open_path(root_, checked, O_PATH | O_DIRECTORY);
  if (!folder) throw file_error(errno, shown_path(root_, checked));
  return std::make_unique<HostFolder<Folder>>(
      Root{.fd = std::move(folder), .path = shown_path(root_, checked)});
}

template class HostFolder<Folder>;
template class HostFolder<Storage>;

}  // namespace shoal::os
