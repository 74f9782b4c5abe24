#include "format/name_check.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace shoal {
namespace {

TEST(NameCheck, K6_K9_accepts_odd_names_that_a_disk_can_hold) {
  for (const char* name : {"a", "...", "..a", ".hidden", " ", "con", "a\\b", "a:b", "$(reboot)",
                           "-rf", "\xff\xfe", "new\nline", "trailing."}) {
    EXPECT_TRUE(is_acceptable_name(name)) << name;
  }
  EXPECT_TRUE(is_acceptable_name(std::string(255, 'n')));
}

TEST(NameCheck, K1_rejects_names_that_leave_the_directory_or_cannot_be_made) {
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {""sv, "."sv, ".."sv, "/"sv, "/etc"sv, "a/b"sv, "../a"sv, "a\0b"sv, "\0"sv}) {
    EXPECT_FALSE(is_acceptable_name(name)) << name;
  }
  EXPECT_FALSE(is_acceptable_name(std::string(256, 'n')));
}

TEST(NameCheck, throws_a_reason) {
  EXPECT_NO_THROW(check_entry_name("fine"));
  EXPECT_THROW(check_entry_name(".."), Error);
}

}  // namespace
}  // namespace shoal
