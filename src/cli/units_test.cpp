#include "cli/units.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::cli {
namespace {

bool size_is_refused(std::string_view text) {
  try {
    parse_size("--up", text);
    return false;
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("--up"), std::string::npos);
    EXPECT_NE(error.hint().find("powers of 1000"), std::string::npos);
    return error.code() == ErrorCode::usage;
  }
}

bool time_is_refused(std::string_view text) {
  try {
    parse_time("--timeout", text);
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::usage && !error.hint().empty();
  }
}

TEST(Units, reads_sizes_in_powers_of_1000) {
  EXPECT_EQ(parse_size("--up", "0"), 0u);
  EXPECT_EQ(parse_size("--up", "800"), 800u);
  EXPECT_EQ(parse_size("--up", "500K"), 500'000u);
  EXPECT_EQ(parse_size("--up", "20M"), 20'000'000u);
  EXPECT_EQ(parse_size("--up", "1.5G"), 1'500'000'000u);
  EXPECT_EQ(parse_size("--up", "2T"), 2'000'000'000'000u);
}

TEST(Units, refuses_what_is_no_size) {
  for (const auto* text : {"", "K", "-1", "+1", "1 M", "1.M", ".5M", "1e3", "1MiB", "20Mb", "1..5G",
                           "0x10", "inf", "nan", "1000000T", "99999999999999999999"}) {
    EXPECT_TRUE(size_is_refused(text)) << text;
  }
}

TEST(Units, reads_times) {
  EXPECT_EQ(parse_time("--timeout", "500ms"), 500ms);
  EXPECT_EQ(parse_time("--timeout", "10s"), 10s);
  EXPECT_EQ(parse_time("--timeout", "1.5s"), 1500ms);
  EXPECT_EQ(parse_time("--timeout", "5m"), 5min);
  EXPECT_EQ(parse_time("--timeout", "2h"), 2h);
}

TEST(Units, refuses_what_is_no_time) {
  for (const auto* text : {"", "10", "s", "-1s", "0s", "0.1ms", "1d", "5 m", "1e9h", "24001h"}) {
    EXPECT_TRUE(time_is_refused(text)) << text;
  }
}

TEST(Units, reads_counts_of_decimal_digits_only) {
  EXPECT_EQ(parse_count("-c", "12"), 12u);
  for (const auto* text : {"", "-1", "1.0", "1K", " 1", "18446744073709551616"}) {
    EXPECT_THROW(parse_count("-c", text), Error) << text;
  }
}

TEST(Units, writes_sizes_in_at_most_eight_characters) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(999), "999 B");
  EXPECT_EQ(format_size(1000), "1.0 kB");
  EXPECT_EQ(format_size(1'500'000), "1.5 MB");
  EXPECT_EQ(format_size(9'960'000), "10 MB");
  EXPECT_EQ(format_size(999'600'000), "1.0 GB");
  for (std::uint64_t bytes = 1; bytes < (1ull << 62); bytes *= 3) {
    EXPECT_LE(format_size(bytes).size(), 8u) << bytes;
  }
}

TEST(Units, writes_times) {
  EXPECT_EQ(format_time(0s), "0 s");
  EXPECT_EQ(format_time(59s), "59 s");
  EXPECT_EQ(format_time(200s), "3 min 20 s");
  EXPECT_EQ(format_time(125min), "2 h 5 min");
  EXPECT_EQ(format_time(100h), "over 4 days");
}

}  // namespace
}  // namespace shoal::cli
