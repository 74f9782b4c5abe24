#include "content/served/served_blocks.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace shoal::content
