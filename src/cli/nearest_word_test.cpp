#include "cli/nearest_word.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

TEST(NearestWord, is_at_most_two_mistakes_away) {
  const std::vector<std::string> known = {"share", "stat", "status", "ls", "get"};
  EXPECT_EQ(nearest_word("shar", known), "share");
  EXPECT_EQ(nearest_word("hsare", known), "share");
  EXPECT_EQ(nearest_word("sahrre", known), "share");
  EXPECT_EQ(nearest_word("sl", known), "ls");
  EXPECT_EQ(nearest_word("sahrrre", known), "");
  EXPECT_EQ(nearest_word("fly", known), "") << "of ls nothing would be left";
  EXPECT_EQ(nearest_word("", known), "");
  EXPECT_EQ(nearest_word(std::string(100'000, 'x'), known), "");
}

}  // namespace
}  // namespace shoal::cli
