#include "system/sqlite_vfs.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "system/os/test_world.h"

namespace shoal::os {
namespace {

class Database {
 public:
  Database(const SqliteVfs& vfs, const std::string& path) {
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &db_, kFlags, vfs.name()), SQLITE_OK);
    EXPECT_EQ(one("PRAGMA locking_mode=EXCLUSIVE"), "exclusive");
    EXPECT_EQ(one("PRAGMA journal_mode=WAL"), "wal");
    one("PRAGMA synchronous=FULL");
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The first column of the last row.
  std::string one(const char* sql) {
    std::string value;
    const auto keep = [](void* out, int count, char** columns, char**) {
      if (count > 0 && columns[0] != nullptr) *static_cast<std::string*>(out) = columns[0];
      return 0;
    };
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db_, sql, keep, &value, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    return value;
  }

 private:
  sqlite3* db_ = nullptr;
};

TEST(SqliteVfs, keeps_a_database_in_a_storage_across_reopening) {
  const TempFolder temp;
  World world({.offload_threads = 1});
  const SqliteVfs vfs(world.system(), "test");
  {
    Database db(vfs, temp.path("db"));
    db.one("CREATE TABLE t(id INTEGER PRIMARY KEY, text)");
    db.one("BEGIN");
    for (int i = 0; i < 1000; ++i) db.one("INSERT INTO t(text) VALUES (hex(randomblob(100)))");
    db.one("COMMIT");
    EXPECT_TRUE(world.system().storage.info(temp.path("db-wal")));
  }
  EXPECT_FALSE(world.system().storage.info(temp.path("db-wal")));
  Database db(vfs, temp.path("db"));
  EXPECT_EQ(db.one("SELECT count(*) FROM t WHERE length(text) = 200"), "1000");
  EXPECT_EQ(db.one("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(vfs.last_error(), "");
}

TEST(SqliteVfs, tells_the_time_of_its_world) {
  const TempFolder temp;
  World world({.offload_threads = 1});
  const SqliteVfs vfs(world.system(), "test");
  Database db(vfs, temp.path("db"));
  const auto now = world.system().clock.wall_now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  EXPECT_NEAR(std::stod(db.one("SELECT strftime('%s','now')")), static_cast<double>(seconds), 5);
}

TEST(SqliteVfs, keeps_the_sentence_of_a_failure) {
  World world({.offload_threads = 1});
  const SqliteVfs vfs(world.system(), "test");
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open_v2("/no/such/db", &db, SQLITE_OPEN_READWRITE, vfs.name()),
            SQLITE_CANTOPEN);
  sqlite3_close(db);
  EXPECT_EQ(vfs.last_error(), "/no/such/db: no such file or folder");
}

TEST(SqliteVfs, refuses_a_name_that_is_taken) {
  World world({.offload_threads = 1});
  const SqliteVfs first(world.system(), "test");
  EXPECT_THROW(SqliteVfs(world.system(), "test"), Error);
}

}  // namespace
}  // namespace shoal::os
