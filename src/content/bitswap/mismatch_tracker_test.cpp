#include "content/bitswap/mismatch_tracker.h"

#include <gtest/gtest.h>

namespace shoal::content::bitswap {
namespace {

Cid numbered_cid(int number, Codec codec = Codec::raw) {
  return Cid::v1(codec, Multihash::sha2_256(as_bytes(std::to_string(number))));
}

TEST(MismatchTracker, is_certain_at_once_when_one_block_is_owed) {
  const MismatchTracker mismatches({numbered_cid(1)}, CidPrefix::of(numbered_cid(9)));
  EXPECT_TRUE(mismatches.certain());
  EXPECT_EQ(mismatches.suspect(), numbered_cid(1));
}

TEST(MismatchTracker, right_answers_leave_the_one_in_whose_place_the_wrong_came) {
  MismatchTracker mismatches({numbered_cid(1), numbered_cid(2), numbered_cid(3)},
                             CidPrefix::of(numbered_cid(9)));
  EXPECT_FALSE(mismatches.certain());
  EXPECT_EQ(mismatches.suspect(), numbered_cid(1));
  mismatches.right(numbered_cid(1).hash());
  EXPECT_FALSE(mismatches.certain());
  mismatches.right(numbered_cid(3).hash());
  EXPECT_TRUE(mismatches.certain());
  EXPECT_EQ(mismatches.suspect(), numbered_cid(2));
}

TEST(MismatchTracker, suspects_only_blocks_of_the_kind_that_came) {
  const Cid node = numbered_cid(2, Codec::dag_pb);
  const MismatchTracker mismatches({numbered_cid(1), node, numbered_cid(3)},
                                   CidPrefix::of(numbered_cid(9, Codec::dag_pb)));
  EXPECT_TRUE(mismatches.certain());
  EXPECT_EQ(mismatches.suspect(), node);
}

TEST(MismatchTracker, suspects_all_when_nothing_of_that_kind_is_owed) {
  const MismatchTracker mismatches({numbered_cid(1), numbered_cid(2)},
                                   CidPrefix::of(numbered_cid(9, Codec::dag_cbor)));
  EXPECT_EQ(mismatches.suspects(), 2u);
}

TEST(MismatchTracker, is_certain_of_all_when_all_were_wrong) {
  MismatchTracker mismatches({numbered_cid(1), numbered_cid(2)}, CidPrefix::of(numbered_cid(9)));
  mismatches.wrong();
  EXPECT_TRUE(mismatches.certain());
}

TEST(MismatchTracker, is_cleared_when_all_that_was_owed_came) {
  MismatchTracker mismatches({numbered_cid(1), numbered_cid(2)}, CidPrefix::of(numbered_cid(9)));
  mismatches.right(numbered_cid(1).hash());
  EXPECT_FALSE(mismatches.cleared());
  EXPECT_TRUE(mismatches.suspects(numbered_cid(2).hash()));
  mismatches.right(numbered_cid(2).hash());
  EXPECT_TRUE(mismatches.cleared());
}

}  // namespace
}  // namespace shoal::content::bitswap
