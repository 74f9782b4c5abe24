#include "content/store/file_stamp.h"

#include <gtest/gtest.h>

namespace shoal::content {
namespace {

TEST(FileStamps, are_young_for_as_long_as_their_times_are_coarse) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto is_young = [](std::int64_t mtime_ns, Duration age) {
    const FileStamp stamp{.size = 1, .mtime_ns = mtime_ns, .inode = 1};
    return stamp.is_young(WallTime(std::chrono::nanoseconds(mtime_ns)) + age);
  };
  EXPECT_TRUE(is_young(5 * kSecond + 1, 20ms));
  EXPECT_FALSE(is_young(5 * kSecond + 1, 21ms));
  // Whole seconds are most likely all that the file system knows.
  EXPECT_TRUE(is_young(5 * kSecond, 2s));
  EXPECT_FALSE(is_young(5 * kSecond, 2001ms));
  EXPECT_TRUE(is_young(5 * kSecond, -1h));
}

}  // namespace
}  // namespace shoal::content
