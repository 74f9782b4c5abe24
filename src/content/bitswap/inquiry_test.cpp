#include "content/bitswap/inquiry.h"

#include <gtest/gtest.h>

namespace shoal::content::bitswap {
namespace {

Cid numbered_cid(int number, Codec codec = Codec::raw) {
  return Cid::v1(codec, Multihash::sha2_256(as_bytes(std::to_string(number))));
}

TEST(Inquiry, is_certain_at_once_when_one_block_is_owed) {
  const Inquiry inquiry({numbered_cid(1)}, CidPrefix::of(numbered_cid(9)));
  EXPECT_TRUE(inquiry.certain());
  EXPECT_EQ(inquiry.suspect(), numbered_cid(1));
}

TEST(Inquiry, right_answers_leave_the_one_in_whose_place_the_wrong_came) {
  Inquiry inquiry({numbered_cid(1), numbered_cid(2), numbered_cid(3)},
                  CidPrefix::of(numbered_cid(9)));
  EXPECT_FALSE(inquiry.certain());
  EXPECT_EQ(inquiry.suspect(), numbered_cid(1));
  inquiry.right(numbered_cid(1).hash());
  EXPECT_FALSE(inquiry.certain());
  inquiry.right(numbered_cid(3).hash());
  EXPECT_TRUE(inquiry.certain());
  EXPECT_EQ(inquiry.suspect(), numbered_cid(2));
}

TEST(Inquiry, suspects_only_blocks_of_the_kind_that_came) {
  const Cid node = numbered_cid(2, Codec::dag_pb);
  const Inquiry inquiry({numbered_cid(1), node, numbered_cid(3)},
                        CidPrefix::of(numbered_cid(9, Codec::dag_pb)));
  EXPECT_TRUE(inquiry.certain());
  EXPECT_EQ(inquiry.suspect(), node);
}

TEST(Inquiry, suspects_all_when_nothing_of_that_kind_is_owed) {
  const Inquiry inquiry({numbered_cid(1), numbered_cid(2)},
                        CidPrefix::of(numbered_cid(9, Codec::dag_cbor)));
  EXPECT_EQ(inquiry.suspects(), 2u);
}

TEST(Inquiry, is_certain_of_all_when_all_were_wrong) {
  Inquiry inquiry({numbered_cid(1), numbered_cid(2)}, CidPrefix::of(numbered_cid(9)));
  inquiry.wrong();
  EXPECT_TRUE(inquiry.certain());
}

TEST(Inquiry, is_cleared_when_all_that_was_owed_came) {
  Inquiry inquiry({numbered_cid(1), numbered_cid(2)}, CidPrefix::of(numbered_cid(9)));
  inquiry.right(numbered_cid(1).hash());
  EXPECT_FALSE(inquiry.cleared());
  EXPECT_TRUE(inquiry.suspects(numbered_cid(2).hash()));
  inquiry.right(numbered_cid(2).hash());
  EXPECT_TRUE(inquiry.cleared());
}

}  // namespace
}  // namespace shoal::content::bitswap
