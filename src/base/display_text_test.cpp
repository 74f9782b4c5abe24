#include "base/display_text.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(DisplayText, leaves_ordinary_names_alone) {
  for (const auto* name : {"", "report.pdf", "Übergröße", "写真 2024.jpg", "🦈", "a\\b"}) {
    EXPECT_EQ(for_terminal(name), name);
    EXPECT_EQ(as_utf8(name), name);
  }
}

TEST(DisplayText, K6_shows_control_characters_instead_of_obeying_them) {
  EXPECT_EQ(for_terminal("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(for_terminal("a\nb\rc\td"), "a\\x0ab\\x0dc\\x09d");
  EXPECT_EQ(for_terminal("\x7f"), "\\x7f");
  EXPECT_EQ(for_terminal("\xc2\x9b"), "\\u{9b}");  // CSI in one character
  EXPECT_EQ(for_terminal("a\xe2\x80\xae"
                         "b"),
            "a\\u{202e}b");  // right to left override
  EXPECT_EQ(for_terminal(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(DisplayText, shows_bytes_that_are_no_utf8) {
  EXPECT_EQ(for_terminal("a\xff"), "a\\xff");
  EXPECT_EQ(for_terminal("\xc0\xaf"), "\\xc0\\xaf");           // too long a form
  EXPECT_EQ(for_terminal("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(for_terminal("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(for_terminal("\xe2\x82"), "\\xe2\\x82");  // cut off
}

TEST(DisplayText, B11_makes_any_bytes_valid_utf8) {
  EXPECT_EQ(as_utf8("a\xff"
                    "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(as_utf8("\x1b"), "\x1b");
}

TEST(DisplayText, counts_columns_as_terminals_do) {
  EXPECT_EQ(columns("abc"), 3u);
  EXPECT_EQ(columns("é"), 1u);
  EXPECT_EQ(columns("e\xcc\x81"), 1u);  // combining
  EXPECT_EQ(columns("写真"), 4u);
  EXPECT_EQ(columns("🦈"), 2u);
}

TEST(DisplayText, shortens_between_characters) {
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdef", 5), "abcd…");
  EXPECT_EQ(shorten("写真写真", 7), "写真写…");
  EXPECT_EQ(shorten("写真写真", 6), "写真…");
  EXPECT_EQ(shorten("ab", 1), "…");
  EXPECT_EQ(shorten("ab", 0), "");
}

}  // namespace
}  // namespace shoal
