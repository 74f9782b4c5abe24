#include "system/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace shoal {
namespace {

/// Counts instead of drawing.
class Counting final : public Random {
 public:
  explicit Counting(std::uint8_t start) : next_(start) {}
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_;
};

TEST(Random, reads_numbers_as_big_endian) {
  Counting random(1);
  EXPECT_EQ(random.next(), 0x0102030405060708u);
}

TEST(Random, stays_below_its_bound_and_reaches_all_below_it) {
  Counting random(0);
  std::array<int, 3> seen{};
  for (int i = 0; i < 300; ++i) ++seen.at(random.below(3));
  EXPECT_TRUE(std::ranges::all_of(seen, [](int count) { return count > 0; }));
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, unit_is_below_one_for_the_largest_number) {
  struct Ones final : Random {
    void fill(MutableBytes out) override { std::ranges::fill(out, std::uint8_t{0xff}); }
  } random;
  EXPECT_LT(random.unit(), 1.0);
  EXPECT_GT(random.unit(), 0.999);
}

}  // namespace
}  // namespace shoal
