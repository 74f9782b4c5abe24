#include "content/store/file_stamp.h"

#include <gtest/gtest.h>

namespace shoal::content {
namespace {

TEST(FileStamps, are_young_for_as_long_as_their_times_are_coarse) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto is_young = [](std::int64_t mtime_ns, Duration age) {
    const FileStamp by_mtime{.size = 1, .mtime_ns = mtime_ns, .inode = 1};
    const FileStamp by_ctime{.size = 1, .ctime_ns = mtime_ns, .inode = 1};
    const WallTime now = WallTime(std::chrono::nanoseconds(mtime_ns)) + age;
    EXPECT_EQ(by_mtime.is_young(now), by_ctime.is_young(now));
    return by_mtime.is_young(now);
  };
  EXPECT_TRUE(is_young(5 * kSecond + 1, 20ms));
  EXPECT_FALSE(is_young(5 * kSecond + 1, 21ms));
  // Whole seconds are most likely all that the file system knows.
  EXPECT_TRUE(is_young(5 * kSecond, 2s));
  EXPECT_FALSE(is_young(5 * kSecond, 2001ms));
  EXPECT_TRUE(is_young(5 * kSecond, -1h));
}

TEST(FileStamps, are_reliable_when_old_and_of_stable_times) {
  const WallTime now(1000h);
  FileInfo look{.size = 1, .mtime = now - 1h, .ctime = now - 1h};
  EXPECT_TRUE(is_reliable(look, now));
  // The clock was set back: it may come to this time once more.
  EXPECT_FALSE(is_reliable(look, now - 2h));
  look.ctime = now;
  EXPECT_FALSE(is_reliable(look, now));
  look.ctime = now - 1h;
  look.stable_times = false;
  EXPECT_FALSE(is_reliable(look, now));
}

TEST(FileStamps, differ_in_each_thing_that_a_change_may_leave_alone) {
  const FileInfo look{
      .size = 1, .mtime = WallTime(1h), .ctime = WallTime(2h), .device = 3, .inode = 4};
  FileInfo later = look;
  later.ctime += 1ns;
  FileInfo other = look;
  other.inode = 5;
  FileInfo elsewhere = look;
  elsewhere.device = 6;
  for (const FileInfo& changed : {later, other, elsewhere}) {
    EXPECT_NE(FileStamp::of(changed), FileStamp::of(look));
  }
}

}  // namespace
}  // namespace shoal::content
