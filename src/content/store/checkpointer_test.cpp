#include <gtest/gtest.h>

#include "content/store/block_store_testing.h"
#include "content/store/database.h"
#include "system/offload.h"

namespace shoal::content {
namespace {

using os::TempFolder;
using testing::numbered;
using testing::pattern;

constexpr std::uint64_t kNodes = 12'000;
constexpr std::uint64_t kWalBytes = 64 << 20;

/// Lets the loop go round, as it does between the blocks of a download.
Task<void> turn(System& system) {
  co_await offload(system.offload, [] {});
}

/// Writes twice as much as a WAL may hold, and reads all the while.
Task<void> write_beside_checkpoints(System& system) {
  const TempFolder temp;
  const Bytes node = pattern(6000, 1);
  {
    BlockStore store(system, temp.path());
    for (std::uint64_t i = 0; i < kNodes; ++i) {
      store.put(numbered(i), node);
      if (i % 10 == 0) co_await turn(system);
      EXPECT_TRUE(store.has(numbered(i / 2)));
    }
    const auto wal = system.storage.info(temp.path("index.db-wal"));
    EXPECT_TRUE(wal && wal->size < kWalBytes);
    co_await store.stop();
  }
  BlockStore store(system, temp.path());
  EXPECT_EQ(store.damaged(), "");
  std::uint64_t held = 0;
  for (std::uint64_t i = 0; i < kNodes; ++i) held += store.has(numbered(i)) ? 1 : 0;
  EXPECT_EQ(held, kNodes);
  co_await store.stop();
}
TEST(Checkpointer, keeps_the_wal_short_beside_reads_and_writes) {
  os::in_later_world(write_beside_checkpoints);
}

/// Never lets the loop turn but where it has to wait.
Task<void> write_without_end(System& system) {
  const TempFolder temp;
  BlockStore store(system, temp.path());
  const Bytes node = pattern(6000, 1);
  std::uint64_t longest = 0;
  for (std::uint64_t i = 0; i < 12'000; ++i) {
    co_await store.keep_pace();
    store.put_later(numbered(i), node);
    if (i % 100 == 0)
      longest = std::max(longest, system.storage.info(temp.path("index.db-wal"))->size);
  }
  constexpr std::uint64_t kPageInWal = 4096 + 24;
  EXPECT_LT(longest, (Database::kPauseWalPages + 6'000) * kPageInWal);
  co_await store.stop();
}
TEST(Checkpointer, who_writes_without_end_waits_for_it) {
  os::in_later_world(write_without_end);
}

Task<void> bounded_without_help(System& system) {
  const TempFolder temp;
  Database database(system, temp.path("db"));
  database.run("CREATE TABLE t(id INTEGER PRIMARY KEY, bytes BLOB)");
  const std::string row = "INSERT INTO t(bytes) VALUES (zeroblob(1000000))";
  std::function<void()> due = database.due_checkpoint();
  EXPECT_FALSE(due);
  for (int i = 0; i < 300; ++i) {
    database.begin();
    database.run(row);
    database.commit();
    if (i == 10) due = database.due_checkpoint();
  }
  EXPECT_TRUE(due);
  const auto wal = system.storage.info(temp.path("db-wal"));
  EXPECT_LT(wal->size, (Database::kMostWalPages + 1000) * std::uint64_t{4200});
  EXPECT_EQ(database.one("SELECT count(*) FROM t"), "300");
  co_return;
}
TEST(Checkpointer, a_commit_moves_a_wal_that_nobody_took_care_of) {
  os::in_later_world(bounded_without_help);
}

}  // namespace
}  // namespace shoal::content
