#include <gtest/gtest.h>

#include <string>

#include "content/bitswap/want_table.h"

namespace shoal::content::bitswap {
namespace {

Multihash block(int number) {
  return Multihash::sha2_256(as_bytes(std::to_string(number)));
}

/// A session with peers that say what they are.
struct Together : WantTable {
  Together() : WantTable(Tuning{}) {}
  Peer live(PeerRole role) {
    const Peer peer = add_peer();
    set_role(peer, role);
    peer_up(peer, now);
    return peer;
  }
  std::size_t told(Ask ask, Peer peer) {
    const auto actions = plan(now);
    return count(actions, ask, peer);
  }
  static std::size_t count(const std::vector<Action>& actions, Ask ask, Peer peer) {
    return static_cast<std::size_t>(std::ranges::count_if(
        actions, [&](const Action& action) { return action.ask == ask && action.peer == peer; }));
  }
  TimePoint now{};
};

TEST(WantTableTogether, asks_one_that_gets_the_same_only_for_what_it_says_it_has) {
  Together table;
  const auto whole = table.live(PeerRole::whole);
  const auto part = table.live(PeerRole::part);
  for (int i = 0; i < 10; ++i) table.want(block(i));
  const auto actions = table.plan(table.now);
  EXPECT_EQ(Together::count(actions, Ask::have, part), 10u);
  EXPECT_EQ(Together::count(actions, Ask::block, part), 0u);
  EXPECT_EQ(Together::count(actions, Ask::block, whole), 10u);
}

TEST(WantTableTogether, takes_from_it_what_a_source_was_asked_for) {
  Together table;
  const auto whole = table.live(PeerRole::whole);
  const auto part = table.live(PeerRole::part);
  for (int i = 0; i < 4; ++i) table.want(block(i));
  table.plan(table.now);
  table.have(part, block(2), table.now);
  const auto actions = table.plan(table.now);
  EXPECT_EQ(Together::count(actions, Ask::block, part), 1u);
  EXPECT_EQ(Together::count(actions, Ask::nothing, whole), 1u);
  EXPECT_EQ(table.outstanding(whole), 3u);
  EXPECT_EQ(table.outstanding(part), 1u);
}

TEST(WantTableTogether, declines_what_another_was_asked_for) {
  Together table;
  const auto one = table.live(PeerRole::part);
  const auto other = table.live(PeerRole::part);
  table.want(block(0));
  table.plan(table.now);
  table.have(one, block(0), table.now);
  EXPECT_EQ(table.told(Ask::block, one), 1u);
  table.have(other, block(0), table.now);
  EXPECT_EQ(table.told(Ask::nothing, other), 1u);
  // And takes it up when that one goes.
  table.peer_down(one);
  EXPECT_EQ(table.told(Ask::block, other), 1u);
}

TEST(WantTableTogether, gives_a_source_64_blocks_to_choose_from_and_two_half_each) {
  Together table;
  const auto whole = table.live(PeerRole::whole);
  table.live(PeerRole::part);
  for (int i = 0; i < 100; ++i) table.want(block(i));
  EXPECT_EQ(table.told(Ask::block, whole), Tuning{}.choice);
  Together two;
  const auto one = two.live(PeerRole::whole);
  two.live(PeerRole::whole);
  two.live(PeerRole::part);
  for (int i = 0; i < 100; ++i) two.want(block(i));
  EXPECT_EQ(two.told(Ask::block, one), Tuning{}.choice / 2);
}

TEST(WantTableTogether, asks_for_the_rarest_block_first_and_one_at_a_time) {
  Together table;
  const auto one = table.live(PeerRole::part);
  const auto other = table.live(PeerRole::part);
  const auto third = table.live(PeerRole::part);
  for (int i = 0; i < 3; ++i) table.want(block(i));
  table.plan(table.now);
  for (int i = 0; i < 3; ++i) table.have(one, block(i), table.now);
  table.have(other, block(0), table.now);
  table.have(other, block(2), table.now);
  table.have(third, block(0), table.now);
  table.have(third, block(2), table.now);
  const auto actions = table.plan(table.now);
  const auto rarest = std::ranges::find_if(actions, [&](const WantTable::Action& action) {
    return action.peer == one && action.ask == Ask::block;
  });
  ASSERT_NE(rarest, actions.end());
  EXPECT_EQ(rarest->hash, block(1));
  EXPECT_EQ(Together::count(actions, Ask::block, one), 1u);
}

TEST(WantTableTogether, does_without_the_source_when_it_goes) {
  Together table;
  const auto whole = table.live(PeerRole::whole);
  const auto part = table.live(PeerRole::part);
  table.want(block(1));
  table.plan(table.now);
  table.peer_down(whole);
  table.plan(table.now);
  table.have(part, block(1), table.now);
  table.plan(table.now);
  EXPECT_EQ(table.outstanding(part), 1u);
  table.block(part, block(1), 1000, table.now);
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace shoal::content::bitswap
