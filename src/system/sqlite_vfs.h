#pragma once

#include <memory>
#include <string>

#include "system/system.h"

namespace shoal {

/// Lets SQLite keep its files in a System's Storage, with its clock and its randomness, so that a
/// database runs in every world.
///
/// Open with `name()` as the VFS. Connections of one VFS to one database share its WAL, on any
/// threads, so that one of them can take a checkpoint while another one reads and writes. Nothing
/// locks the files: what keeps other VFSs and processes away is Storage::lock, and only the last
/// connection to be closed may tidy up (SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE for the others). With
/// `PRAGMA locking_mode=EXCLUSIVE` a connection is the only one. Outlives its connections.
///
/// SQLite would try a sync that failed again and believe the second one, which says nothing of what
/// the first one lost, and then overwrite what it needs to recover. So nothing is written after a
/// failed sync: only a database that is opened anew, by another VFS, goes on from what is on the
/// disk.
class SqliteVfs {
 public:
  struct Parts;

  /// `for_reading` changes and makes nothing on the disk, and takes a WAL that is not there for an
  /// empty one, so that a database can be read while another process writes it: what was read is
  /// right if both its files are the same before and after.
  enum class Use { for_writing, for_reading };

  /// `name` is unique in the process. Throws Error{exists} when another VFS has it.
  SqliteVfs(System& system, std::string name, Use use = Use::for_writing);
  ~SqliteVfs();
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;

  const char* name() const;
  /// Every change fails from then on.
  bool sync_failed() const;
  /// What the last failing call of the storage said, for a message that says more than
  /// SQLITE_IOERR; empty when none failed.
  std::string last_error() const;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace shoal
