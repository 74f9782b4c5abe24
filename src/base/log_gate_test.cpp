#include "base/log_gate.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using namespace std::chrono_literals;

// E10
TEST(HostileE10, logs_so_many_lines_from_one_place_and_counts_the_rest) {
  LogGate gate;
  for (std::size_t i = 0; i < LogGate::kLines; ++i) EXPECT_EQ(gate.admit("a.cpp", 1, 1s), 0u);
  EXPECT_EQ(gate.admit("a.cpp", 1, 10s), std::nullopt);
  EXPECT_EQ(gate.admit("a.cpp", 1, 10s), std::nullopt);
  EXPECT_EQ(gate.admit("a.cpp", 2, 10s), 0u);
  EXPECT_EQ(gate.admit("b.cpp", 1, 10s), 0u);
  EXPECT_EQ(gate.admit("a.cpp", 1, 11s), 2u);
  EXPECT_EQ(gate.admit("a.cpp", 1, 11s), 0u);
}

}  // namespace
}  // namespace shoal
