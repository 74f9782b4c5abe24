#include "system/rate_meter.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(RateMeter, is_silent_before_two_updates) {
  RateMeter meter;
  EXPECT_EQ(meter.rate(), 0u);
  meter.update(TimePoint(5s), 1000);
  EXPECT_EQ(meter.rate(), 0u);
  EXPECT_EQ(meter.time_for(1000), std::nullopt);
}

TEST(RateMeter, does_not_count_what_was_there_at_the_start) {
  RateMeter meter;
  meter.update(TimePoint(5s), 1'000'000);
  meter.update(TimePoint(6s), 1'000'500);
  EXPECT_EQ(meter.rate(), 500u);
}

TEST(RateMeter, forgets_what_is_older_than_its_window) {
  RateMeter meter;
  std::uint64_t total = 0;
  for (int i = 0; i <= 100; ++i) meter.update(TimePoint(i * 100ms), total += 1000);
  for (int i = 101; i <= 140; ++i) meter.update(TimePoint(i * 100ms), total += 100);
  EXPECT_EQ(meter.rate(), 1000u);
}

TEST(RateMeter, takes_another_window) {
  RateMeter meter(60s);
  meter.update(TimePoint(0s), 0);
  meter.update(TimePoint(10s), 60'000);
  for (int i = 2; i <= 6; ++i) meter.update(TimePoint(i * 10s), 60'000);
  EXPECT_EQ(meter.rate(), 1000u);
  meter.update(TimePoint(70s), 60'000);
  EXPECT_EQ(meter.rate(), 0u);
}

TEST(RateMeter, falls_to_zero_when_nothing_moves) {
  RateMeter meter;
  meter.update(TimePoint(0s), 0);
  meter.update(TimePoint(1s), 3000);
  for (int i = 1; i <= 8; ++i) meter.update(TimePoint(1s + i * 500ms), 3000);
  EXPECT_EQ(meter.rate(), 0u);
  EXPECT_EQ(meter.time_for(10), std::nullopt);
}

TEST(RateMeter, says_how_long_the_rest_takes) {
  RateMeter meter;
  meter.update(TimePoint(0s), 0);
  meter.update(TimePoint(2s), 2000);
  EXPECT_EQ(meter.time_for(5000), Duration(5s));
}

TEST(RateMeter, survives_any_rest) {
  RateMeter meter;
  meter.update(TimePoint(0s), 0);
  meter.update(TimePoint(1s), 1);
  EXPECT_GT(*meter.time_for(UINT64_MAX), Duration(0s));
}

TEST(RateMeter, begins_anew_when_the_total_shrinks) {
  RateMeter meter;
  meter.update(TimePoint(0s), 1000);
  meter.update(TimePoint(1s), 10);
  EXPECT_EQ(meter.rate(), 0u);
  meter.update(TimePoint(2s), 30);
  EXPECT_EQ(meter.rate(), 20u);
}

TEST(RateMeter, takes_updates_of_one_moment) {
  RateMeter meter;
  for (std::uint64_t i = 0; i < 1000; ++i) meter.update(TimePoint(1s), i);
  EXPECT_EQ(meter.rate(), 0u);
}

}  // namespace
}  // namespace shoal
