#include "content/import/glob.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::content {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  return Glob(pattern).matches(text);
}

TEST(Glob, takes_plain_bytes_as_they_are) {
  EXPECT_TRUE(matches("größe", "größe"));
  EXPECT_FALSE(matches("a", "ab"));
  EXPECT_FALSE(matches("ab", "a"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(Glob, lets_star_and_question_mark_stay_in_one_name) {
  EXPECT_TRUE(matches("*.o", "x.o"));
  EXPECT_TRUE(matches("*.o", ".o"));
  EXPECT_FALSE(matches("*.o", "a/x.o"));
  EXPECT_TRUE(matches("a*b*c", "aXXbYYbc"));
  EXPECT_FALSE(matches("a*b*c", "aXXbYY"));
  EXPECT_TRUE(matches("?", "x"));
  EXPECT_FALSE(matches("?", "/"));
  EXPECT_FALSE(matches("?", ""));
  EXPECT_TRUE(matches("a***b", "axxb"));
  EXPECT_FALSE(matches("a**b", "a/b"));
}

TEST(Glob, crosses_folders_with_two_stars) {
  EXPECT_TRUE(matches("**/x", "x"));
  EXPECT_TRUE(matches("**/x", "a/b/x"));
  EXPECT_FALSE(matches("**/x", "a/bx"));
  EXPECT_TRUE(matches("a/**/x", "a/x"));
  EXPECT_TRUE(matches("a/**/x", "a/b/c/x"));
  EXPECT_FALSE(matches("a/**/x", "ab/x"));
  EXPECT_TRUE(matches("a/**", "a/b/c"));
  EXPECT_FALSE(matches("a/**", "a"));
  EXPECT_TRUE(matches("**", "a/b"));
  EXPECT_TRUE(matches("**/*.c", "src/deep/x.c"));
  EXPECT_TRUE(matches("**/a/**/b", "x/a/a/y/b"));
}

TEST(Glob, knows_classes_of_bytes) {
  EXPECT_TRUE(matches("[abc]x", "bx"));
  EXPECT_FALSE(matches("[abc]x", "dx"));
  EXPECT_TRUE(matches("[a-cx-z]", "y"));
  EXPECT_TRUE(matches("[!a-c]", "d"));
  EXPECT_FALSE(matches("[^a-c]", "b"));
  EXPECT_FALSE(matches("[!a]", "/"));
  EXPECT_TRUE(matches("[]]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_TRUE(matches("[\\]]", "]"));
  EXPECT_TRUE(matches("[ab", "[ab"));
}

TEST(Glob, knows_the_classes_of_posix) {
  EXPECT_TRUE(matches("[[:alpha:]]", "x"));
  EXPECT_FALSE(matches("[[:alpha:]]", "1"));
  EXPECT_TRUE(matches("[![:alpha:]]", "1"));
  EXPECT_TRUE(matches("[_[:digit:]a-c]", "b"));
  EXPECT_TRUE(matches("[_[:digit:]a-c]", "7"));
  EXPECT_FALSE(matches("[[:nothing:]]", "n"));
  EXPECT_TRUE(matches("[[:]", ":")) << "not one of them";
}

TEST(Glob, takes_the_meaning_from_what_follows_a_backslash) {
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "x"));
  EXPECT_TRUE(matches("a\\", "a\\"));
}

TEST(Glob, is_quick_with_patterns_that_make_others_slow) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  pattern += "b";
  const std::string text(4000, 'a');
  EXPECT_FALSE(matches(pattern, text));
  std::string folders;
  for (int i = 0; i < 500; ++i) folders += "**/";
  EXPECT_FALSE(matches(folders + "b", std::string(2000, '/')));
}

TEST(Glob, refuses_a_pattern_beyond_its_bound) {
  EXPECT_TRUE(matches(std::string(Glob::kMaxBytes, 'a'), std::string(Glob::kMaxBytes, 'a')));
  EXPECT_THROW(Glob(std::string(Glob::kMaxBytes + 1, 'a')), Error);
}

}  // namespace
}  // namespace shoal::content
