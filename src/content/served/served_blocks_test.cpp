#include "content/served/served_blocks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "system/sim/world.h"

namespace shoal::content {
namespace {

Multihash hash_of(std::string_view text) {
  return Multihash::sha2_256(as_bytes(text));
}

struct Served : ::testing::Test {
  sim::World world;
  ServedBlocks served{world.add_host({}).system().random};
};

TEST_F(Served, blocks_of_no_scope_are_not_served) {
  EXPECT_FALSE(served.contains(hash_of("a")));
}

TEST_F(Served, blocks_are_served_while_a_scope_names_them) {
  auto first = served.open();
  auto second = served.open();
  first->add(hash_of("a"));
  second->add(hash_of("a"));
  second->add(hash_of("b"));
  EXPECT_TRUE(served.contains(hash_of("b")));
  second.reset();
  EXPECT_FALSE(served.contains(hash_of("b")));
  EXPECT_TRUE(served.contains(hash_of("a")));
  first.reset();
  EXPECT_FALSE(served.contains(hash_of("a")));
}

TEST_F(Served, tells_digests_apart_by_any_of_their_last_16_bytes) {
  Bytes digest(32, 7);
  auto scope = served.open();
  scope->add(Multihash::wrap(HashCode::sha2_256, digest));
  for (std::size_t i = 16; i < 32; ++i) {
    digest[i] ^= 1;
    EXPECT_FALSE(served.contains(Multihash::wrap(HashCode::sha2_256, digest))) << i;
    digest[i] ^= 1;
  }
}

TEST_F(Served, numbers_each_block_once_and_the_empty_one_not_at_all) {
  constexpr std::uint32_t kBlocks = 1000;
  auto scope = served.open();
  std::vector<bool> taken(kBlocks);
  for (int turn = 0; turn < 2; ++turn) {
    for (std::uint32_t i = 0; i < kBlocks; ++i) scope->add(hash_of(std::to_string(i)));
    scope->add(hash_of(""));
  }
  ASSERT_EQ(scope->size(), kBlocks);
  for (std::uint32_t i = 0; i < kBlocks; ++i) {
    const auto number = scope->number_of(hash_of(std::to_string(i)));
    ASSERT_TRUE(number && *number < kBlocks && !taken[*number]) << i;
    taken[*number] = true;
  }
  EXPECT_TRUE(scope->contains(hash_of("")));
  EXPECT_EQ(scope->number_of(hash_of("")), std::nullopt);
  EXPECT_EQ(scope->number_of(hash_of("another")), std::nullopt);
}

}  // namespace
}  // namespace shoal::content
