#include "content/store/checkpointer.h"

#include <sqlite3.h>

#include <utility>

#include "base/log.h"

namespace shoal::content {

namespace {

/// The WAL begins anew once all of it is in the database: what was written during one pass takes
/// another one.
constexpr int kMostPasses = 4;

}  // namespace

Checkpointer::~Checkpointer() {
  close();
}

bool Checkpointer::open() {
  if (handle_ != nullptr) return true;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const bool opened =
      sqlite3_open_v2(path_.c_str(), &handle_, kFlags, vfs_->name()) == SQLITE_OK &&
      sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) == SQLITE_OK &&
      // Reading something is what makes the connection take notice of the WAL.
      sqlite3_exec(handle_, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr) ==
          SQLITE_OK;
  if (!opened) close();
  return opened;
}

void Checkpointer::close() {
  sqlite3_close_v2(std::exchange(handle_, nullptr));
}

bool Checkpointer::run() {
  if (!open()) return false;
  int pages = 0;
  int moved = -1;
  for (int pass = 0; pass < kMostPasses && moved != pages; ++pass) {
    const int result =
        sqlite3_wal_checkpoint_v2(handle_, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    if (result == SQLITE_OK) continue;
    log_debug("checkpoint of {}: {}", path_, sqlite3_errstr(result));
    return false;
  }
  return moved == pages;
}

}  // namespace shoal::content
