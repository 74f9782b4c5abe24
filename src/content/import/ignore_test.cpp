#include "content/import/ignore.h"

#include <gtest/gtest.h>

namespace shoal::content {
namespace {

bool ignores(std::string_view lines, std::string_view path, bool is_folder = false) {
  return IgnoreRules(lines).judge(path, is_folder) == IgnoreRules::Verdict::ignored;
}

TEST(IgnoreRules, take_no_byte_order_mark_for_a_name) {
  const IgnoreRules rules(
      "\xef\xbb\xbf"
      "a\r\nb\r\n");
  EXPECT_EQ(rules.judge("a", false), IgnoreRules::Verdict::ignored);
  EXPECT_EQ(rules.judge("b", false), IgnoreRules::Verdict::ignored);
}

TEST(IgnoreRules, say_nothing_in_blank_lines_and_comments) {
  EXPECT_TRUE(IgnoreRules("\n# a\n  \n\r\n/\n!\n").empty());
  EXPECT_TRUE(ignores("\\#a", "#a"));
  EXPECT_TRUE(ignores("\\!a", "!a"));
}

TEST(IgnoreRules, find_a_name_at_any_depth_and_a_path_from_their_folder) {
  EXPECT_TRUE(ignores("*.o", "a/b/x.o"));
  EXPECT_TRUE(ignores("/x", "x"));
  EXPECT_FALSE(ignores("/x", "a/x"));
  EXPECT_TRUE(ignores("a/x", "a/x"));
  EXPECT_FALSE(ignores("a/x", "b/a/x"));
  EXPECT_TRUE(ignores("**/a/x", "b/a/x"));
}

TEST(IgnoreRules, mean_folders_only_with_a_slash_at_the_end) {
  EXPECT_TRUE(ignores("build/", "build", true));
  EXPECT_TRUE(ignores("build/", "a/build", true));
  EXPECT_FALSE(ignores("build/", "build", false));
}

TEST(IgnoreRules, let_the_last_line_that_fits_decide) {
  EXPECT_FALSE(ignores("*.log\n!keep.log\n", "keep.log"));
  EXPECT_TRUE(ignores("*.log\n!keep.log\n", "other.log"));
  EXPECT_TRUE(ignores("!keep.log\r\n*.log", "keep.log"));
}

TEST(IgnoreChain, asks_the_inner_rules_first) {
  const auto outer = std::make_shared<IgnoreChain>(
      IgnoreChain{.rules = IgnoreRules("*.log\n/top\n"), .folder_bytes = 0, .outer = nullptr});
  const IgnoreChain inner{.rules = IgnoreRules("!a.log\n/x\n"), .folder_bytes = 4, .outer = outer};
  EXPECT_FALSE(IgnoreChain::ignores(&inner, "sub/a.log", false));
  EXPECT_TRUE(IgnoreChain::ignores(&inner, "sub/b.log", false));
  EXPECT_TRUE(IgnoreChain::ignores(&inner, "sub/x", false));
  EXPECT_FALSE(IgnoreChain::ignores(&inner, "sub/top", false));
  EXPECT_FALSE(IgnoreChain::ignores(nullptr, "a", false));
}

}  // namespace
}  // namespace shoal::content
