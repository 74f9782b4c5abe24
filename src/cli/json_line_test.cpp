#include "cli/json_line.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>

namespace shoal::cli {
namespace {

std::string line_of(double number) {
  return to_json_line({{"n", number}});
}

TEST(JsonLine, has_plain_decimals) {
  EXPECT_EQ(line_of(0), R"({"n":0})");
  EXPECT_EQ(line_of(-0.0), R"({"n":0})");
  EXPECT_EQ(line_of(0.943981), R"({"n":0.943981})");
  EXPECT_EQ(line_of(3), R"({"n":3})");
  EXPECT_EQ(line_of(100), R"({"n":100})");
  EXPECT_EQ(line_of(1.5), R"({"n":1.5})");
  EXPECT_EQ(line_of(-2.25), R"({"n":-2.25})");
  EXPECT_EQ(line_of(0.0000012), R"({"n":0.000001})");
  EXPECT_EQ(line_of(1e-9), R"({"n":0})");
  EXPECT_EQ(line_of(-1e-9), R"({"n":0})");
  EXPECT_EQ(line_of(1e15), R"({"n":1000000000000000})");
}

TEST(JsonLine, has_null_for_what_is_no_number) {
  EXPECT_EQ(line_of(NAN), R"({"n":null})");
  EXPECT_EQ(line_of(INFINITY), R"({"n":null})");
}

TEST(JsonLine, writes_all_else_as_json_has_it) {
  const boost::json::object object = {
      {"text", "a \"quote\",\n\\ and ü"},
      {"whole", 18446744073709551615U},
      {"minus", -3},
      {"truth", true},
      {"nothing", nullptr},
      {"empty", boost::json::object{}},
      {"list",
       boost::json::array{1, 0.5, boost::json::object{{"deep", 0.25}}, boost::json::array{}}}};
  EXPECT_EQ(to_json_line(object),
            R"({"text":"a \"quote\",\n\\ and ü","whole":18446744073709551615,"minus":-3,)"
            R"("truth":true,"nothing":null,"empty":{},"list":[1,0.5,{"deep":0.25},[]]})");
}

TEST(JsonLine, K6_is_valid_utf8_whatever_a_peer_said) {
  EXPECT_EQ(to_json_line({{"reason", "no\xff\x1b[2J"}}),
            "{\"reason\":\"no\xef\xbf\xbd\\u001b[2J\"}");
}

}  // namespace
}  // namespace shoal::cli
