#include "system/sqlite_shared_memory.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using Held = SqliteSharedMemory::Held;

class SqliteSharedMemoryTest : public ::testing::Test {
 protected:
  SqliteSharedMemoryTest() {
    memory.join();
    memory.join();
  }

  SqliteSharedMemory memory;
  Held one;
  Held other;
};

TEST_F(SqliteSharedMemoryTest, lets_several_share_a_lock) {
  EXPECT_TRUE(memory.lock(one, 3, 1, false));
  EXPECT_TRUE(memory.lock(other, 3, 1, false));
  EXPECT_FALSE(memory.lock(other, 3, 1, true));
  memory.unlock(one, 3, 1);
  EXPECT_TRUE(memory.lock(other, 3, 1, true));
  EXPECT_FALSE(memory.lock(one, 3, 1, false));
}

TEST_F(SqliteSharedMemoryTest, takes_all_locks_or_none) {
  EXPECT_TRUE(memory.lock(one, 5, 1, true));
  EXPECT_FALSE(memory.lock(other, 4, 4, true));
  EXPECT_TRUE(memory.lock(one, 4, 1, true));
  memory.unlock(one, 4, 2);
  EXPECT_TRUE(memory.lock(other, 4, 4, true));
}

TEST_F(SqliteSharedMemoryTest, gives_up_on_a_snapshot_that_stays_locked) {
  EXPECT_TRUE(memory.lock(one, 7, 1, true));
  EXPECT_FALSE(memory.lock(other, 7, 1, false));
}

TEST_F(SqliteSharedMemoryTest, frees_locks_and_memory_with_their_holders) {
  EXPECT_EQ(memory.part(0, 100, false), nullptr);
  void* const first = memory.part(0, 100, true);
  EXPECT_NE(memory.part(2, 100, true), nullptr);
  EXPECT_EQ(memory.part(0, 100, false), first);
  EXPECT_TRUE(memory.lock(one, 0, 8, true));
  memory.leave(one);
  EXPECT_TRUE(memory.lock(other, 0, 8, true));
  EXPECT_EQ(memory.part(0, 100, false), first);
  memory.leave(other);
  EXPECT_EQ(memory.part(0, 100, false), nullptr);
}

}  // namespace
}  // namespace shoal
