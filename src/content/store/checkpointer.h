#pragma once

#include <memory>
#include <string>

#include "system/sqlite_vfs.h"

struct sqlite3;

namespace shoal::content {

/// Moves what was committed from the WAL of a database into the database itself, which takes two
/// syncs of the disk, by a connection of its own: on one thread, while another one reads and
/// writes. A sync that fails shows in the VFS.
class Checkpointer {
 public:
  Checkpointer(std::shared_ptr<SqliteVfs> vfs, std::string path)
      : vfs_(std::move(vfs)), path_(std::move(path)) {}
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// Blocks. What cannot be moved now stays in the WAL: false.
  bool run();

 private:
  bool open();
  void close();

  std::shared_ptr<SqliteVfs> vfs_;
  const std::string path_;
  sqlite3* handle_ = nullptr;
};

}  // namespace shoal::content
