#include "content/bitswap/want_table.h"

#include <gtest/gtest.h>

#include <string>

namespace shoal::content::bitswap {
namespace {

constexpr TimePoint kStart{};

Multihash hash_of(int number) {
  return Multihash::sha2_256(as_bytes(std::to_string(number)));
}

struct Table : WantTable {
  Table() : WantTable(Tuning{}) {}
  Peer live_peer() {
    const Peer peer = add_peer();
    peer_up(peer, now);
    return peer;
  }
  std::size_t told(Ask ask, Peer peer) {
    std::size_t out = 0;
    for (const Action& action : plan(now)) out += action.ask == ask && action.peer == peer;
    return out;
  }
  TimePoint now = kStart;
};

TEST(WantTable, asks_in_order_as_many_as_the_window_holds) {
  Table table;
  const auto peer = table.live_peer();
  for (int i = 0; i < 20; ++i) table.want(hash_of(i));
  const auto actions = table.plan(kStart);
  ASSERT_EQ(actions.size(), 8u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(actions[i].hash, hash_of(i));
  EXPECT_EQ(table.outstanding(peer), 8u);
}

TEST(WantTable, doubles_the_window_in_a_round_trip) {
  Table table;
  const auto peer = table.live_peer();
  for (int i = 0; i < 100; ++i) table.want(hash_of(i));
  table.plan(table.now);
  table.now += 50ms;
  for (int i = 0; i < 8; ++i) table.block(peer, hash_of(i), 1000, table.now);
  table.plan(table.now);
  EXPECT_EQ(table.window(peer), 16u);
  EXPECT_EQ(table.outstanding(peer), 16u);
}

TEST(WantTable, keeps_little_in_flight_to_a_slow_peer) {
  Table table;
  const auto peer = table.live_peer();
  for (int i = 0; i < 100; ++i) table.want(hash_of(i));
  table.plan(table.now);
  for (int i = 0; i < 20; ++i) {
    table.now += 1s;
    table.block(peer, hash_of(i), 1 << 20, table.now);
    table.plan(table.now);
  }
  EXPECT_LE(table.window(peer), 3u);
}

TEST(WantTable, moves_a_want_to_another_peer_on_dont_have) {
  Table table;
  const auto first = table.live_peer();
  table.want(hash_of(1));
  EXPECT_EQ(table.told(Ask::block, first), 1u);
  const auto second = table.live_peer();
  table.dont_have(first, hash_of(1), table.now);
  EXPECT_EQ(table.told(Ask::block, second), 1u);
}

TEST(WantTable, moves_all_wants_of_a_peer_that_disconnects) {
  Table table;
  const auto first = table.live_peer();
  for (int i = 0; i < 5; ++i) table.want(hash_of(i));
  EXPECT_EQ(table.told(Ask::block, first), 5u);
  const auto second = table.live_peer();
  table.peer_down(first);
  EXPECT_EQ(table.told(Ask::block, second), 5u);
}

TEST(WantTable, hedges_what_a_stalled_peer_owes_and_cancels_the_late_one) {
  Table table;
  const auto slow = table.live_peer();
  table.want(hash_of(1));
  EXPECT_EQ(table.told(Ask::block, slow), 1u);
  const auto quick = table.live_peer();
  table.now += 999ms;
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, quick), 0u);
  table.now += 1ms;
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, quick), 1u);
  table.block(quick, hash_of(1), 10, table.now);
  EXPECT_EQ(table.told(Ask::nothing, slow), 1u);
}

TEST(WantTable, hears_of_a_block_that_comes_to_another_while_a_silent_peer_owes_it) {
  Table table;
  const auto silent = table.live_peer();
  table.want(hash_of(1));
  EXPECT_EQ(table.told(Ask::block, silent), 1u);
  const auto other = table.live_peer();
  table.now += 1s;
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, other), 1u);
  table.dont_have(other, hash_of(1), table.now);
  table.plan(table.now);
  table.have(other, hash_of(1), table.now);
  EXPECT_EQ(table.told(Ask::block, other), 1u);
}

TEST(WantTable, asks_a_peer_that_comes_later_for_what_a_silent_one_owes) {
  Table table;
  table.live_peer();
  const auto other = table.live_peer();
  table.want(hash_of(1));
  table.want(hash_of(2));
  table.plan(table.now);
  for (int i = 1; i <= 2; ++i) table.dont_have(other, hash_of(i), table.now);
  table.plan(table.now);
  table.now += 1s;
  table.tick(table.now);
  table.plan(table.now);
  for (int i = 1; i <= 2; ++i) table.dont_have(other, hash_of(i), table.now);
  table.plan(table.now);
  const auto late = table.live_peer();
  EXPECT_EQ(table.told(Ask::block, late), 2u);
}

TEST(WantTable, waits_for_a_silent_peer_no_longer_than_the_blocks_of_others_take) {
  Table table;
  const auto quick = table.live_peer();
  for (int i = 0; i < 8; ++i) table.want(hash_of(i));
  table.plan(table.now);
  table.now += 300ms;
  for (int i = 0; i < 8; ++i) table.block(quick, hash_of(i), 10, table.now);
  table.plan(table.now);
  const auto silent = table.live_peer();
  table.want(hash_of(100));
  table.want(hash_of(101));
  std::size_t owed = table.told(Ask::block, silent);
  ASSERT_EQ(owed, 1u);
  table.now += 299ms;
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, quick), 0u);
  table.now += 1ms;
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, quick), 1u);
}

/// Eight blocks of each, the ones soon and the others late.
void deliver_eight(WantTable& table, WantTable::Peer peer, TimePoint& now, Duration each,
                   int from) {
  for (int i = from; i < from + 8; ++i) table.want(hash_of(i));
  table.plan(now);
  for (int i = from; i < from + 8; ++i) {
    now += each;
    table.block(peer, hash_of(i), 10, now);
  }
  table.plan(now);
}

TEST(WantTable, also_asks_an_idle_peer_at_the_end_for_what_takes_long_and_only_one) {
  Table table;
  const auto slow = table.live_peer();
  deliver_eight(table, slow, table.now, 50ms, 0);
  const auto one = table.live_peer();
  const auto two = table.live_peer();
  for (int i = 100; i < 103; ++i) table.want(hash_of(i));
  EXPECT_EQ(table.told(Ask::block, slow), 1u);
  table.now += 20ms;
  table.block(one, hash_of(101), 10, table.now);
  table.block(two, hash_of(102), 10, table.now);
  const auto asked = [&] {
    table.tick(table.now);
    std::size_t times = 0;
    for (const auto& action : table.plan(table.now)) times += action.ask == Ask::block;
    return times;
  };
  table.now += 80ms;
  EXPECT_EQ(asked(), 0u);
  table.now += 400ms;
  EXPECT_EQ(asked(), 1u);
  for (int i = 0; i < 3; ++i, table.now += 100ms) EXPECT_EQ(asked(), 0u);
}

TEST(WantTable, I8_also_asks_an_idle_peer_that_has_given_nothing_yet) {
  Table table;
  const auto first = table.live_peer();
  table.want(hash_of(1));
  EXPECT_EQ(table.told(Ask::block, first), 1u);
  const auto second = table.live_peer();
  for (int i = 0; i < 19; ++i) {
    table.now += 100ms;
    table.moving(first, table.now);  // a trickle
    table.tick(table.now);
  }
  EXPECT_EQ(table.told(Ask::block, second), 0u);
  table.now += 100ms;
  table.moving(first, table.now);
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, second), 1u);
}

TEST(WantTable, waits_five_seconds_at_most_however_late_a_peer_usually_is) {
  Table table;
  const auto drip = table.live_peer();
  deliver_eight(table, drip, table.now, 3s, 0);
  table.want(hash_of(100));
  EXPECT_EQ(table.told(Ask::block, drip), 1u);
  const auto fresh = table.live_peer();
  table.now += 4800ms;
  table.want(hash_of(101));  // so that it is not idle
  EXPECT_EQ(table.told(Ask::block, fresh), 1u);
  table.now += 100ms;
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, fresh), 0u);
  table.now += 100ms;
  table.tick(table.now);
  EXPECT_EQ(table.told(Ask::block, fresh), 1u);
}

TEST(WantTable, asks_a_peer_that_keeps_stalling_less_and_less) {
  Table table;
  const auto silent = table.live_peer();
  const auto quick = table.live_peer();
  int asked = 0;
  for (int i = 0; table.now < kStart + 120s; ++i, table.now += 100ms) {
    table.want(hash_of(2 * i));
    table.want(hash_of(2 * i + 1));
    for (const auto& action : table.plan(table.now)) {
      if (action.ask != Ask::block) continue;
      if (action.peer == silent) ++asked;
      if (action.peer == quick) table.block(quick, action.hash, 10, table.now);
    }
    table.tick(table.now);
  }
  EXPECT_GT(asked, 4);
  EXPECT_LT(asked, 24);
}

TEST(WantTable, gives_up_a_root_as_soon_as_every_peer_lacks_it) {
  Table table;
  const auto one = table.live_peer();
  const auto two = table.live_peer();
  table.want(hash_of(1), WantTable::Kind::root);
  table.plan(table.now);
  table.dont_have(one, hash_of(1), table.now);
  table.plan(table.now);
  EXPECT_TRUE(table.tick(table.now).empty());
  table.dont_have(two, hash_of(1), table.now);
  table.plan(table.now);
  EXPECT_EQ(table.tick(table.now).size(), 1u);
}

TEST(WantTable, waits_longer_for_peers_that_gave_something_of_it) {
  Table table;
  const auto peer = table.live_peer();
  table.want(hash_of(1));
  table.plan(table.now);
  TimePoint last = table.now;
  int number = 10;
  for (; table.now < kStart + 120s; table.now += 100ms) {
    // Something comes every twelve seconds, for a minute.
    if (table.now < kStart + 60s && table.now - last >= 12s) {
      table.have(peer, hash_of(number++), table.now);
      last = table.now;
    }
    for (const auto& action : table.plan(table.now)) {
      if (action.ask != Ask::nothing) table.dont_have(peer, hash_of(1), table.now);
    }
    if (table.tick(table.now).empty()) continue;
    EXPECT_GE(table.now - last, 15s);
    EXPECT_LE(table.now - last, 17s);
    return;
  }
  FAIL() << "did not give up";
}

TEST(WantTable, gives_up_when_every_peer_lacks_a_block_for_ten_seconds) {
  Table table;
  const auto peer = table.live_peer();
  table.want(hash_of(1));
  for (; table.now < kStart + 60s; table.now += 100ms) {
    for (const auto& action : table.plan(table.now)) {
      if (action.ask != Ask::nothing) table.dont_have(peer, hash_of(1), table.now);
    }
    const auto lost = table.tick(table.now);
    if (lost.empty()) continue;
    EXPECT_EQ(lost[0].second, WantTable::GaveUp::not_found);
    EXPECT_GE(table.now, kStart + 10s);
    EXPECT_LE(table.now, kStart + 12s);
    EXPECT_EQ(table.size(), 0u);
    return;
  }
  FAIL() << "did not give up";
}

TEST(WantTable, does_not_give_up_while_a_peer_may_still_come) {
  Table table;
  const auto peer = table.live_peer();
  table.add_peer();
  table.want(hash_of(1));
  for (; table.now < kStart + 60s; table.now += 100ms) {
    for (const auto& action : table.plan(table.now)) {
      if (action.ask != Ask::nothing) table.dont_have(peer, hash_of(1), table.now);
    }
    ASSERT_TRUE(table.tick(table.now).empty());
  }
}

TEST(WantTable, asks_one_that_lacks_three_blocks_in_a_row_for_no_more_until_it_says_that_it_has) {
  Table table;
  const auto unhelpful = table.live_peer();
  for (int i = 0; i < 3; ++i) table.want(hash_of(i));
  EXPECT_EQ(table.told(Ask::block, unhelpful), 3u);
  const auto rich = table.live_peer();
  for (int i = 0; i < 3; ++i) table.dont_have(unhelpful, hash_of(i), table.now);
  EXPECT_EQ(table.told(Ask::block, rich), 3u);
  for (int i = 3; i < 7; ++i) table.want(hash_of(i));
  std::size_t blocks = 0;
  std::size_t haves = 0;
  for (const auto& action : table.plan(table.now)) {
    blocks += action.peer == rich && action.ask == Ask::block;
    haves += action.peer == unhelpful && action.ask == Ask::have;
  }
  EXPECT_EQ(blocks, 4u);
  EXPECT_EQ(haves, 4u);
  table.have(unhelpful, hash_of(3), table.now);
  for (int i = 7; i < 10; ++i) table.want(hash_of(i));
  EXPECT_EQ(table.told(Ask::block, unhelpful), 3u);
}

TEST(WantTable, leaves_a_want_with_one_of_those_that_have_nothing_yet) {
  Table table;
  const auto one = table.live_peer();
  const auto two = table.live_peer();
  for (int i = 0; i < 8; ++i) table.want(hash_of(i));
  table.plan(table.now);
  for (int i = 0; i < 8; ++i) table.dont_have(one, hash_of(i), table.now);
  table.plan(table.now);
  for (int i = 0; i < 8; ++i) table.dont_have(two, hash_of(i), table.now);
  table.plan(table.now);
  table.want(hash_of(10));
  const auto actions = table.plan(table.now);
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_NE(actions[0].ask, actions[1].ask);
  EXPECT_NE(actions[0].peer, actions[1].peer);
  EXPECT_EQ(table.outstanding(one) + table.outstanding(two), 0u);
  const auto keeper = actions[actions[0].ask == Ask::block ? 0 : 1].peer;
  table.have(keeper, hash_of(10), table.now);
  table.plan(table.now);
  EXPECT_EQ(table.outstanding(keeper), 1u);
}

TEST(WantTable, leaves_a_want_at_one_peer_that_lacks_it_and_asks_the_other_to_say_when_it_comes) {
  Table table;
  const auto one = table.live_peer();
  const auto two = table.live_peer();
  table.want(hash_of(1));
  EXPECT_EQ(table.told(Ask::block, one), 1u);
  table.dont_have(one, hash_of(1), table.now);
  EXPECT_EQ(table.told(Ask::block, two), 1u);
  table.dont_have(two, hash_of(1), table.now);
  const auto actions = table.plan(table.now);
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(actions[0].peer, one);
  EXPECT_EQ(actions[0].ask, Ask::have);
  table.now += 1s;
  table.block(two, hash_of(1), 10, table.now);
  EXPECT_EQ(table.window(two), PeerWindow::kStartBlocks);  // no fault of its own
}

TEST(WantTable, asks_for_the_block_as_soon_as_a_peer_says_that_it_came) {
  Table table;
  const auto one = table.live_peer();
  table.want(hash_of(1));
  table.plan(table.now);
  const auto two = table.live_peer();
  table.dont_have(one, hash_of(1), table.now);
  table.plan(table.now);
  table.dont_have(two, hash_of(1), table.now);
  EXPECT_EQ(table.told(Ask::have, one), 1u);
  table.have(one, hash_of(1), table.now);
  const auto actions = table.plan(table.now);
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(actions[0].peer, two);
  EXPECT_EQ(actions[0].ask, Ask::nothing);
  EXPECT_EQ(actions[1].peer, one);
  EXPECT_EQ(actions[1].ask, Ask::block);
}

TEST(WantTable, asks_a_peer_that_says_have_although_it_was_left_a_want) {
  Table table;
  const auto peer = table.live_peer();
  table.want(hash_of(1));
  table.plan(table.now);
  table.dont_have(peer, hash_of(1), table.now);
  table.plan(table.now);
  EXPECT_EQ(table.outstanding(peer), 0u);
  table.have(peer, hash_of(1), table.now);
  table.plan(table.now);
  EXPECT_EQ(table.outstanding(peer), 1u);
}

TEST(WantTable, never_asks_a_liar_again) {
  Table table;
  const auto liar = table.live_peer();
  table.want(hash_of(1));
  table.plan(table.now);
  table.peer_lied(liar);
  table.peer_up(liar, table.now);
  EXPECT_TRUE(table.plan(table.now).empty());
  EXPECT_EQ(table.live_peers(), 0u);
}

TEST(WantTable, gives_a_peer_that_stalled_another_try) {
  Table table;
  const auto slow = table.live_peer();
  table.want(hash_of(1));
  table.plan(table.now);
  const auto quick = table.live_peer();
  table.now += 1s;
  table.tick(table.now);
  table.plan(table.now);
  table.block(quick, hash_of(1), 10, table.now);
  table.now += 6s;
  table.tick(table.now);
  table.peer_down(quick);
  table.want(hash_of(2));
  EXPECT_EQ(table.told(Ask::block, slow), 1u);
}

}  // namespace
}  // namespace shoal::content::bitswap
