#include "service/delivery.h"

#include <gtest/gtest.h>

#include <string>

#include "system/sim/world.h"

namespace shoal::service {
namespace {

Multihash hash_of(const std::string& text) {
  return Multihash::sha2_256(as_bytes(text));
}

struct Deliveries : ::testing::Test {
  sim::World world;
  content::ServedBlocks served{world.add_host({}).system().random};
  std::unique_ptr<content::ServedBlocks::Scope> tree = served.open();
  Delivery delivery;
};

TEST_F(Deliveries, end_with_the_last_missing_block_in_any_order) {
  for (const char* block : {"a", "b", "c"}) tree->add(hash_of(block));
  EXPECT_FALSE(delivery.sent(*tree, hash_of("c")));
  EXPECT_FALSE(delivery.sent(*tree, hash_of("c")));
  EXPECT_FALSE(delivery.sent(*tree, hash_of("a")));
  EXPECT_FALSE(delivery.sent(*tree, hash_of("of another tree")));
  EXPECT_TRUE(delivery.sent(*tree, hash_of("b")));
  EXPECT_FALSE(delivery.sent(*tree, hash_of("b")));
}

TEST_F(Deliveries, do_not_wait_for_the_empty_block) {
  for (const char* block : {"a", ""}) tree->add(hash_of(block));
  EXPECT_FALSE(delivery.sent(*tree, hash_of("")));
  EXPECT_TRUE(delivery.sent(*tree, hash_of("a")));
}

TEST_F(Deliveries, of_a_tree_above_the_bound_are_not_counted) {
  for (std::size_t i = 0; i <= Delivery::kMaxBlocks; ++i) tree->add(hash_of(std::to_string(i)));
  for (std::size_t i = 0; i <= Delivery::kMaxBlocks; ++i) {
    ASSERT_FALSE(delivery.sent(*tree, hash_of(std::to_string(i))));
  }
}

}  // namespace
}  // namespace shoal::service
