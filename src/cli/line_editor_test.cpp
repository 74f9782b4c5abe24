#include "cli/line_editor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct LineEditing : ::testing::Test {
  std::vector<std::string> type(std::string_view keys) {
    const auto typed = editor.type(as_bytes(keys));
    ended = ended || typed.ended;
    return typed.lines;
  }
  std::string shown(std::size_t width = 40) const { return editor.view(width).text; }
  std::size_t cursor(std::size_t width = 40) const { return editor.view(width).cursor; }

  LineEditor editor;
  bool ended = false;
};

TEST_F(LineEditing, enters_lines) {
  EXPECT_THAT(type("hello\rsecond\nrest"), ElementsAre("hello", "second"));
  EXPECT_EQ(shown(), "rest");
  EXPECT_EQ(cursor(), 4U);
}

TEST_F(LineEditing, edits_in_the_middle) {
  EXPECT_THAT(type("hllo\x1b[D\x1b[D\x1b[De\x1b[F!\r"), ElementsAre("hello!"));
  EXPECT_THAT(type("abc\x01\x1b[3~\x05\x7f\r"), ElementsAre("b"));
  EXPECT_THAT(type("one two  \x17three\r"), ElementsAre("one three"));
  EXPECT_THAT(type("one two\x1bOD\x1bOD\x1bOD\x15\r"), ElementsAre("two"));
  EXPECT_THAT(type("one two\x02\x02\x02\x0b\r"), ElementsAre("one "));
}

TEST_F(LineEditing, erases_whole_characters) {
  EXPECT_THAT(type("a\u00e4\u4f60\x7f\x7f\x7f\x7f"
                   "b\r"),
              ElementsAre("b"));
  type("\u4f60\u597d");
  EXPECT_EQ(cursor(), 4U) << "each is two columns wide";
}

TEST_F(LineEditing, takes_characters_in_parts_and_no_broken_ones) {
  type("\xc3");
  EXPECT_EQ(shown(), "");
  type("\xa4");
  EXPECT_EQ(shown(), "\u00e4");
  EXPECT_THAT(type("\xff\x80\xc3(\xed\xa0\x80\r"), ElementsAre("\u00e4("));
}

TEST_F(LineEditing, recalls_what_was_entered) {
  type("one\rtwo\r");
  EXPECT_THAT(type("\x1b[A\x1b[A\r"), ElementsAre("one"));
  EXPECT_THAT(type("\x1b[A\x1b[A\x1b[B\x1b[B\x1b[Bnew\r"), ElementsAre("new"));
}

TEST_F(LineEditing, ends_at_control_d_on_an_empty_line) {
  type("x\x04");
  EXPECT_FALSE(ended);
  type("\x7f\x04");
  EXPECT_TRUE(ended);
}

TEST_F(LineEditing, ignores_sequences_that_it_does_not_know) {
  EXPECT_THAT(type("a\x1b[200~b\x1b[201~\x1b[1;5C\x1bxc\r"), ElementsAre("abc"));
  EXPECT_THAT(type("\x1b[" + std::string(100, '1') + "\r").size(), 1U);
}

TEST_F(LineEditing, shows_what_is_around_the_cursor) {
  type("0123456789");
  EXPECT_EQ(shown(6), "56789");
  EXPECT_EQ(cursor(6), 5U);
  type("\x01");
  EXPECT_EQ(shown(6), "01234");
  EXPECT_EQ(cursor(6), 0U);
}

TEST_F(LineEditing, takes_no_more_than_its_limit) {
  type(std::string(LineEditor::kMaxLineBytes, 'x') + "y");
  EXPECT_THAT(type("\r"), ElementsAre(std::string(LineEditor::kMaxLineBytes, 'x')));
  EXPECT_THAT(type(""), IsEmpty());
}

}  // namespace
}  // namespace shoal::cli
