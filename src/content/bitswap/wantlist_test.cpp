#include "content/bitswap/wantlist.h"

#include <gtest/gtest.h>

#include <string>

namespace shoal::content::bitswap {
namespace {

Cid wanted_cid(const std::string& text) {
  return Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(text)));
}

TEST(Wantlist, tells_what_changed_in_one_message_and_only_once) {
  Wantlist list;
  list.set(1, wanted_cid("a"), Ask::block, 0, false);
  list.set(1, wanted_cid("b"), Ask::have, 1, false);
  const Message first = list.take(false, Version::v1_2);
  ASSERT_EQ(first.wants.size(), 2u);
  EXPECT_GT(first.wants[0].priority, first.wants[1].priority);
  EXPECT_EQ(first.wants[1].type, WantType::have);
  EXPECT_FALSE(list.has_changes());
  EXPECT_EQ(list.owed(), 1u);
}

TEST(Wantlist, cancels_what_was_told_and_nothing_else) {
  Wantlist list;
  list.set(1, wanted_cid("a"), Ask::block, 0, false);
  list.take(false, Version::v1_2);
  list.set(1, wanted_cid("a"), Ask::nothing, 0, false);
  list.set(1, wanted_cid("b"), Ask::block, 1, false);
  list.set(1, wanted_cid("b"), Ask::nothing, 1, false);
  const Message message = list.take(false, Version::v1_2);
  ASSERT_EQ(message.wants.size(), 1u);
  EXPECT_TRUE(message.wants[0].cancel);
  EXPECT_TRUE(list.was_asked(wanted_cid("a").hash()));
  EXPECT_FALSE(list.was_asked(wanted_cid("b").hash()));
  EXPECT_EQ(list.owed(), 0u);
}

TEST(Wantlist, does_not_cancel_what_was_answered) {
  Wantlist list;
  list.set(1, wanted_cid("a"), Ask::block, 0, false);
  list.take(false, Version::v1_2);
  list.answered(wanted_cid("a").hash());
  list.set(1, wanted_cid("a"), Ask::nothing, 0, false);
  EXPECT_TRUE(list.take(false, Version::v1_2).empty());
}

TEST(Wantlist, keeps_a_want_while_another_session_has_it) {
  Wantlist list;
  list.set(1, wanted_cid("a"), Ask::block, 0, false);
  list.set(2, wanted_cid("a"), Ask::block, 0, false);
  list.take(false, Version::v1_2);
  list.set(1, wanted_cid("a"), Ask::nothing, 0, false);
  EXPECT_TRUE(list.take(false, Version::v1_2).empty());
}

TEST(Wantlist, tells_all_of_it_to_a_peer_that_forgot) {
  Wantlist list;
  list.set(1, wanted_cid("a"), Ask::block, 0, false);
  list.set(1, wanted_cid("b"), Ask::block, 1, false);
  list.take(true, Version::v1_2);
  const Message again = list.take(true, Version::v1_2);
  EXPECT_TRUE(again.full);
  EXPECT_EQ(again.wants.size(), 2u);
}

TEST(Wantlist, tells_no_more_than_a_peer_would_keep) {
  Wantlist list;
  for (std::size_t i = 0; i <= Wantlist::kMaxWants; ++i) {
    list.set(1, wanted_cid(std::to_string(i)), Ask::block, i, false);
  }
  EXPECT_EQ(list.take(false, Version::v1_2).wants.size(), Wantlist::kMaxWants);
  EXPECT_FALSE(list.has_changes());
  list.answered(wanted_cid("0").hash());
  const Message last = list.take(false, Version::v1_2);
  ASSERT_EQ(last.wants.size(), 1u);
  EXPECT_EQ(last.wants[0].cid, wanted_cid(std::to_string(Wantlist::kMaxWants)));
}

}  // namespace
}  // namespace shoal::content::bitswap
