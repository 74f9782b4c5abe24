#include "cli/qr_code.h"

#include <gtest/gtest.h>

#include "cli/display_text.h"

namespace shoal::cli {
namespace {

TEST(QrCode, is_drawn_two_rows_to_a_line) {
  // "hello" makes a code of 21 by 21 modules, and two around it on every side.
  const std::string code = qr_code("hello", 80);
  EXPECT_EQ(std::count(code.begin(), code.end(), '\n'), 13);
  EXPECT_EQ(columns(code.substr(0, code.find('\n'))), 25u);
  EXPECT_TRUE(code.starts_with("█████"));  // the quiet zone is light
}

TEST(QrCode, is_left_out_where_it_does_not_fit) {
  EXPECT_FALSE(qr_code("hello", 25).empty());
  EXPECT_TRUE(qr_code("hello", 24).empty());
  EXPECT_TRUE(qr_code(std::string(3000, 'x'), 1000).empty());
}

}  // namespace
}  // namespace shoal::cli
