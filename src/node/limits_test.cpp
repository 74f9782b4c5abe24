#include "node/limits.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace shoal::node {
namespace {

TEST(Limits, are_named_once_and_bound_something) {
  std::set<std::string_view> names;
  for (const Limit& limit : limits()) {
    EXPECT_TRUE(names.insert(limit.name).second) << limit.name;
    EXPECT_GT(limit.value, 0u) << limit.name;
    EXPECT_NE(limit.name.find('.'), std::string_view::npos) << limit.name;
    EXPECT_FALSE(limit.unit.empty()) << limit.name;
  }
}

TEST(Limits, fit_into_a_line_of_json_and_of_a_table) {
  for (const Limit& limit : limits()) {
    const std::string texts =
        std::string(limit.name) + std::string(limit.unit) + std::string(limit.bounds);
    EXPECT_EQ(texts.find_first_of("\"\\|`\n"), std::string::npos) << limit.name;
  }
}

}  // namespace
}  // namespace shoal::node
