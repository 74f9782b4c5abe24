#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "system/time.h"

namespace shoal {

enum class FileKind { file, folder, symlink, other };

struct FileInfo {
  FileKind kind = FileKind::file;
  std::uint64_t size = 0;  // bytes; of a symlink its target's length
  WallTime mtime;
  WallTime ctime;          // of the last change of content or metadata; no program can set it
  std::uint32_t mode = 0;  // permission bits, at most 07777
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  /// Whether every change of the content changes a time here. Not so on file systems of a network
  /// or in user space, where the times are another machine's and come late, and on FAT, which has
  /// no ctime.
  bool stable_times = true;
};

struct FolderEntry {
  std::string name;
  FileKind kind;
};

/// An open file. Calls block, so they belong into offload() unless they are few and small; one file
/// may be used from several threads at once. All throw Error{io} with the path and what to do.
class File {
 public:
  virtual ~File() = default;

  /// Bytes read: fewer than asked for only at the end of the file.
  virtual std::size_t read_at(std::uint64_t offset, MutableBytes into) = 0;
  virtual void write_at(std::uint64_t offset, std::span<const ByteView> pieces) = 0;
  void write_at(std::uint64_t offset, ByteView bytes) {
    write_at(offset, std::span<const ByteView>(&bytes, 1));
  }
  /// Content and size survive a power loss after this. When it throws, what was written since the
  /// last one may be lost, although it still reads as written and a later sync has no complaint.
  virtual void sync() = 0;
  /// Lets what is read next come from the disk, unless it is still on its way there: what a failed
  /// sync lost no longer reads as written.
  virtual void forget_cached() = 0;
  /// Error{unsupported} when files on this file system cannot be so big.
  virtual void truncate(std::uint64_t size) = 0;
  virtual FileInfo info() = 0;
  /// The first offset at or after `offset` that is not in a hole; none when only a hole follows.
  virtual std::optional<std::uint64_t> next_data(std::uint64_t offset) = 0;
  virtual void set_mode(std::uint32_t mode) = 0;
  virtual void set_mtime(WallTime mtime) = 0;
};

enum class Access {
  read,        // must exist
  write,       // read and write, must exist
  create,      // read and write, made when absent
  create_new,  // read and write, must not exist: Error{exists}
};

/// Names below one folder. A path is relative to it, separated by '/'; empty or "." is the folder
/// itself. A confined folder follows no symlink anywhere in a path and never leaves itself,
/// whatever the path says: Error{io}. Calls block, like File's.
class Folder {
 public:
  virtual ~Folder() = default;

  /// Only regular files (and, for reading, what behaves like one): Error{io} for anything else.
  /// Error{unsupported} when the file system does not take the name of a new one.
  virtual std::unique_ptr<File> open(std::string_view path, Access access) = 0;
  /// Without following a symlink at the end. None when nothing is there.
  virtual std::optional<FileInfo> info(std::string_view path) = 0;
  /// In order of the names' bytes, without "." and "..".
  virtual std::vector<FolderEntry> list(std::string_view path) = 0;
  virtual std::string read_link(std::string_view path) = 0;
  /// Error{unsupported} when the file system has no symlinks, or does not take the name.
  virtual void make_link(std::string_view target, std::string_view path) = 0;
  /// One level; an existing folder is fine. Error{unsupported} as for open().
  virtual void make_folder(std::string_view path) = 0;
  /// Within this folder. Replaces a file; with `replace` false: Error{exists} when `to` is there.
  virtual void rename(std::string_view from, std::string_view to, bool replace) = 0;
  /// Swaps what two names stand for, in one step; both must be there. False, with nothing done,
  /// when the file system cannot.
  virtual bool exchange(std::string_view one, std::string_view other) = 0;
  /// A file, a symlink or an empty folder; absent is fine.
  virtual void remove(std::string_view path) = 0;
  /// And all below it, following no symlink and crossing no mount point; absent is fine. What
  /// cannot be removed stays, the rest does not: then throws the first error.
  virtual void remove_tree(std::string_view path) = 0;
  /// Whether another file system, or another part of the same one, is mounted at `path`.
  virtual bool is_mount_point(std::string_view path) = 0;
  /// A note that the file system keeps with a folder, wherever that is moved (an extended
  /// attribute). False when it keeps none, or the folder may not be changed.
  virtual bool set_attribute(std::string_view folder, std::string_view name,
                             std::string_view value) = 0;
  /// None as well when there is no such folder. At most 256 bytes.
  virtual std::optional<std::string> attribute(std::string_view folder, std::string_view name) = 0;
  virtual void set_mode(std::string_view path, std::uint32_t mode) = 0;
  /// Of a file, a folder, or a symlink itself.
  virtual void set_mtime(std::string_view path, WallTime mtime) = 0;
  /// The names in it survive a power loss after this.
  virtual void sync_names(std::string_view path) = 0;
  /// Everything written below this folder, content and names, survives a power loss after this. May
  /// take as long as the whole file system needs.
  virtual void sync_all() = 0;
  virtual std::uint64_t free_bytes() = 0;
  /// A confined folder, usable after this one is gone.
  virtual std::unique_ptr<Folder> confined(std::string_view path) = 0;
};

/// Held by one process at a time; released by the destructor or the end of the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// A process that holds a lock.
struct LockHolder {
  std::string process;  // its number, as the system counts; empty when that is not known
  std::string command;  // its command line; empty when that is not known
};

/// A host's file system as its user sees it: paths absolute or relative to the working directory,
/// symlinks followed.
class Storage : public Folder {
 public:
  /// The path from the root, symlinks resolved as far as it exists.
  virtual std::string absolute(std::string_view path) = 0;
  /// Permission bits that new files of this process do not get.
  virtual std::uint32_t umask() = 0;
  /// Makes the file when absent; its holder may remove it. Throws Error{locked} naming the process
  /// that holds it.
  virtual std::unique_ptr<FileLock> lock(std::string_view path) = 0;
  /// Who holds it; none when nobody does, or the file is not there. Takes and makes nothing.
  virtual std::optional<LockHolder> lock_holder(std::string_view path) = 0;
};

}  // namespace shoal
