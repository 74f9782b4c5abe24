#include "cli/mode_text.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using service::EntryKind;

TEST(ModeText, looks_as_ls_writes_it) {
  EXPECT_EQ(mode_text(EntryKind::file, 0644), "-rw-r--r--");
  EXPECT_EQ(mode_text(EntryKind::folder, 0755), "drwxr-xr-x");
  EXPECT_EQ(mode_text(EntryKind::symlink, 0777), "lrwxrwxrwx");
  EXPECT_EQ(mode_text(EntryKind::file, 0), "----------");
}

TEST(ModeText, shows_the_special_bits) {
  EXPECT_EQ(mode_text(EntryKind::file, 04755), "-rwsr-xr-x");
  EXPECT_EQ(mode_text(EntryKind::file, 02644), "-rw-r-Sr--");
  EXPECT_EQ(mode_text(EntryKind::folder, 01777), "drwxrwxrwt");
}

TEST(ModeText, keeps_its_width_without_a_mode) {
  EXPECT_EQ(mode_text(EntryKind::file, std::nullopt), "-         ");
}

}  // namespace
}  // namespace shoal::cli
