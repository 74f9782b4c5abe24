#include "cli/qr_code.h"

#include <gtest/gtest.h>

#include "base/display_text.h"

namespace shoal::cli {
namespace {

constexpr QrRoom kRoom{.columns = 80, .rows = 24, .colored = false};

TEST(QrCode, is_drawn_two_rows_to_a_line) {
  // "hello" makes a code of 21 by 21 modules, and two around it on every side.
  const std::string code = qr_code("hello", kRoom);
  EXPECT_EQ(std::count(code.begin(), code.end(), '\n'), 13);
  EXPECT_EQ(columns(code.substr(0, code.find('\n'))), 25u);
  EXPECT_TRUE(code.starts_with("█████"));  // the quiet zone is light
}

TEST(QrCode, is_black_on_white_where_there_are_colours) {
  const std::string code = qr_code("hello", {.columns = 80, .rows = 24, .colored = true});
  EXPECT_EQ(std::count(code.begin(), code.end(), '\n'), 13);
  EXPECT_TRUE(code.starts_with("\x1b[38;5;16;48;5;231m     ")) << "the quiet zone is not drawn";
  EXPECT_TRUE(code.ends_with("\x1b[0m\n"));
}

TEST(QrCode, is_left_out_where_it_does_not_fit) {
  const auto drawn = [](std::size_t columns, std::size_t rows) {
    return !qr_code("hello", {.columns = columns, .rows = rows, .colored = false}).empty();
  };
  EXPECT_TRUE(drawn(25, 13));
  EXPECT_FALSE(drawn(24, 13));
  EXPECT_FALSE(drawn(25, 12));
  EXPECT_TRUE(qr_code(std::string(3000, 'x'), {.columns = 1000, .rows = 1000}).empty());
}

}  // namespace
}  // namespace shoal::cli
