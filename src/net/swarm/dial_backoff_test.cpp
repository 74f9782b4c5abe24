#include "net/swarm/dial_backoff.h"

#include <gtest/gtest.h>

namespace shoal::net {
namespace {

using Backoff = DialBackoff<int>;
constexpr TimePoint kBegin{1h};

TEST(DialBackoff, doubles_up_to_its_longest) {
  Backoff backoff;
  TimePoint now = kBegin;
  Duration expected = Backoff::kFirst;
  for (std::uint32_t failures = 1; failures <= 20; ++failures) {
    EXPECT_EQ(backoff.failed(7, now), failures);
    EXPECT_EQ(backoff.remaining(7, now), expected);
    now += expected;
    EXPECT_EQ(backoff.remaining(7, now), std::nullopt);
    expected = std::min<Duration>(expected * 2, Backoff::kLongest);
  }
}

TEST(DialBackoff, failures_during_a_backoff_count_once) {
  Backoff backoff;
  EXPECT_EQ(backoff.failed(7, kBegin), 1u);
  EXPECT_EQ(backoff.failed(7, kBegin + Backoff::kFirst - 1ns), 1u);
  EXPECT_EQ(backoff.failed(7, kBegin + Backoff::kFirst), 2u);
}

TEST(DialBackoff, a_success_ends_it) {
  Backoff backoff;
  backoff.failed(7, kBegin);
  backoff.succeeded(7);
  EXPECT_EQ(backoff.remaining(7, kBegin), std::nullopt);
  EXPECT_EQ(backoff.failed(7, kBegin), 1u);
}

TEST(DialBackoff, forgets_old_failures) {
  Backoff backoff;
  backoff.failed(7, kBegin);
  const TimePoint later = kBegin + Backoff::kFirst + Backoff::kMemory;
  backoff.failed(8, later);
  EXPECT_EQ(backoff.size(), 1u);
  EXPECT_EQ(backoff.failed(7, later), 1u);
}

TEST(DialBackoff, is_bounded_and_forgets_what_ends_first) {
  Backoff backoff;
  const auto count = static_cast<int>(Backoff::kMaxEntries);
  for (int i = 0; i < count; ++i) backoff.failed(i, kBegin + (i == 5 ? 0ns : 1ns));
  backoff.failed(count, kBegin + 1ns);
  EXPECT_EQ(backoff.size(), Backoff::kMaxEntries);
  EXPECT_EQ(backoff.remaining(5, kBegin), std::nullopt);
  EXPECT_NE(backoff.remaining(6, kBegin), std::nullopt);
}

}  // namespace
}  // namespace shoal::net
