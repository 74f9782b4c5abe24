#include "cli/stall.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

TEST(Stall, is_patient_to_the_limit) {
  const Stall stall(10s, TimePoint(5s));
  EXPECT_NO_THROW(stall.check(TimePoint(15s) - 1ns));
  EXPECT_THROW(stall.check(TimePoint(15s)), Error);
}

TEST(Stall, counts_from_the_last_step) {
  Stall stall(10s, TimePoint(5s));
  stall.moved(TimePoint(14s));
  EXPECT_NO_THROW(stall.check(TimePoint(23s)));
  EXPECT_THROW(stall.check(TimePoint(24s)), Error);
}

TEST(Stall, says_what_was_waited_for) {
  const Stall stall(10s, TimePoint(0s));
  try {
    stall.check(TimePoint(10s), "connecting to somebody");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "no progress for 10 s: connecting to somebody");
  }
}

TEST(Stall, waits_for_ever_without_a_limit) {
  const Stall stall(std::nullopt, TimePoint(0s));
  EXPECT_NO_THROW(stall.check(TimePoint(1000h)));
}

}  // namespace
}  // namespace shoal::cli
