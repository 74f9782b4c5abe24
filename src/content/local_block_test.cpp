#include "content/local_block.h"

#include <gtest/gtest.h>

#include <string>

namespace shoal::content {
namespace {

TEST(InlineBlock, tells_the_bytes_of_an_identity_hash) {
  const Bytes longest(Multihash::kMaxDigestBytes, 7);
  for (const Bytes& bytes : {to_bytes("hello"), Bytes{}, longest}) {
    const auto block = inline_block(Cid::v1(Codec::raw, Multihash::identity(bytes)));
    ASSERT_TRUE(block.has_value());
    EXPECT_TRUE(equal(block->view(), bytes));
  }
}

TEST(InlineBlock, tells_the_empty_block_by_its_hash) {
  const auto block = inline_block(Cid::v1(Codec::raw, Multihash::sha2_256({})));
  ASSERT_TRUE(block.has_value());
  EXPECT_TRUE(block->empty());
}

TEST(InlineBlock, knows_no_other) {
  const auto one_byte = Multihash::sha2_256(as_bytes("x"));
  EXPECT_FALSE(inline_block(Cid::v1(Codec::raw, one_byte)));
  EXPECT_FALSE(inline_block(Cid::v0(one_byte)));
  const Bytes foreign_digest(32, 1);
  const auto blake2b = static_cast<HashCode>(0xb220);
  EXPECT_FALSE(inline_block(Cid::v1(Codec::raw, Multihash::wrap(blake2b, foreign_digest))));
}

}  // namespace
}  // namespace shoal::content
