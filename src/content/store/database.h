#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "system/sqlite_vfs.h"
#include "system/system.h"

struct sqlite3;
struct sqlite3_stmt;

namespace shoal::content {

/// The file is no database, or not one of ours, or its parts do not fit together.
class DamagedDatabase : public Error {
 public:
  DamagedDatabase(const std::string& reason, const std::string& path)
      : Error(ErrorCode::io, "the index is damaged: " + reason, path) {}
};

class Checkpointer;
class Database;

/// A prepared statement with its parameters bound. At most one at a time of each Statement.
class Rows {
 public:
  Rows(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  ~Rows();
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// The first row, and then one after the other; false when there are no more.
  bool next();
  std::int64_t integer(int column) const;
  /// Lent until next() or the end.
  ByteView blob(int column) const;
  std::string text(int column) const { return std::string(as_text(blob(column))); }

 private:
  Database& database_;
  sqlite3_stmt* statement_;
};

class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// The values of ?1, ?2, …: integers, and bytes that live until the rows are gone.
  template <class... Values>
  Rows rows(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return {database_, statement_};
  }
  /// The same where no row is asked for; returns how many were changed.
  template <class... Values>
  std::int64_t run(const Values&... values) {
    Rows all = rows(values...);
    while (all.next()) {
    }
    return changes();
  }

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, ByteView value);
  void bind(int index, std::string_view value) { bind(index, as_bytes(value)); }
  std::int64_t changes() const;

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// A connection to an SQLite database that lies in a System's storage: in WAL mode, where a commit
/// is a write without a sync, so that it survives the end of the process, and after a loss of power
/// the database is whole, as of some recent commit. Blocks; for one thread.
///
/// What takes syncs, moving the WAL into the database, is left to due_checkpoint(). It begins anew
/// when all of it was moved and nothing was committed meanwhile: who writes much pauses for that
/// where is_behind() says so. Only when a WAL reaches kMostWalPages, because nobody takes care of
/// it, does commit() move what is left of it, which blocks for long.
///
/// Throws DamagedDatabase, or Error{io} with what the storage said. Fault point: index.commit.
class Database {
 public:
  /// Pages of 4 KiB. Far more than what is written during one checkpoint on a busy disk.
  static constexpr int kMostWalPages = 16'000;
  static constexpr int kPauseWalPages = 8'000;

  using Use = SqliteVfs::Use;
  Database(System& system, std::string path, Use use = Use::for_writing);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// One or several statements without parameters.
  void run(const std::string& sql);
  /// The first column of the first row; empty when there is none.
  std::string one(const std::string& sql);

  /// Another database of the same System, as `name` in statements.
  void attach(const std::string& path, const char* name);
  /// Nothing happens when there is none of this name.
  void detach(const char* name) noexcept;

  void begin();
  /// Nothing happens when no transaction is open.
  void commit();
  bool in_transaction() const;
  /// What is to be run on another thread while this connection is used; one at a time, and it may
  /// outlive the database. Null when the WAL is short.
  std::function<bool()> due_checkpoint();
  bool is_behind() const { return wal_pages_ >= kPauseWalPages; }
  std::uint64_t commits() const { return commits_; }
  /// Everything committed is in the database: the next transaction begins the WAL anew.
  void caught_up() { wal_pages_ = 0; }
  /// What was committed may be lost, and no change is possible until it is opened anew.
  bool sync_failed() const { return vfs_->sync_failed(); }
  std::int64_t last_row_id() const;

  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_; }
  /// Throws unless `result` is success.
  void check(int result) const;
  /// Throws DamagedDatabase, or Error{io} when it was the storage that failed.
  [[noreturn]] void give_up(const std::string& reason) const;

 private:
  void open(Use use);
  [[noreturn]] void fail(const std::string& reason) const;

  std::string path_;
  Faults& faults_;
  std::shared_ptr<SqliteVfs> vfs_;
  sqlite3* handle_ = nullptr;
  int wal_pages_ = 0;  // after the last commit
  std::uint64_t commits_ = 0;
  std::shared_ptr<Checkpointer> checkpointer_;
};

}  // namespace shoal::content
