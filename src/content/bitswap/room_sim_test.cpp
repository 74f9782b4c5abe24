#include "content/bitswap/room.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {
namespace {

PeerId peer_of(std::uint8_t number) {
  return PeerId::from_public_key(
      crypto::PrivateKey::ed25519_from_seed(Bytes(32, number)).public_key());
}

struct Rooms : testing::Test {
  Rooms()
      : room(world.add_host().system(), 1000,
             {.send_away = [this](const PeerId& peer) { sent_away.push_back(peer); },
              .strikes = [this](const PeerId& peer) { return peer == struck ? 1u : 0u; },
              .expected = [this](const PeerId& peer) { return useful.contains(peer); },
              .round_trip = [this](const PeerId&) { return round_trip; }}),
        work(world.waits(), "takers") {}
  ~Rooms() override {
    world.run(work.stop());
    got.clear();
  }

  Task<void> take(PeerId peer, std::size_t bytes) {
    std::unique_ptr<Room::Share> share = co_await room.take(peer, bytes);
    order.push_back(peer);
    got.push_back(std::move(share));
  }
  void ask(const PeerId& peer, std::size_t bytes) { work.spawn(take(peer, bytes)); }

  const PeerId one = peer_of(1);
  const PeerId two = peer_of(2);
  const PeerId three = peer_of(3);
  PeerId struck = peer_of(9);
  std::set<PeerId> useful = {one, two, three};
  Duration round_trip = 250ms;
  sim::World world;
  std::vector<PeerId> sent_away;
  Room room;
  std::vector<PeerId> order;
  std::vector<std::unique_ptr<Room::Share>> got;
  TaskGroup work;
};

TEST_F(Rooms, holds_so_many_bytes_and_no_more) {
  ask(one, 600);
  ask(two, 400);
  ask(three, 1);
  world.run_for(500ms);
  EXPECT_EQ(order, (std::vector{one, two}));
  EXPECT_EQ(room.used_bytes(), 1000u);
  got.pop_back();
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, two, three}));
  EXPECT_TRUE(sent_away.empty());
}

TEST_F(Rooms, sends_nobody_away_while_there_is_room) {
  ask(one, 1000);
  world.run_for(1h);
  EXPECT_TRUE(sent_away.empty());
}

TEST_F(Rooms, who_stands_still_gives_way_to_who_waits) {
  ask(one, 500);
  ask(two, 500);
  world.run_for(900ms);
  for (std::uint64_t move = 0; move < 1 + 2 * Room::kTurns; ++move) got[1]->moved();
  ask(three, 500);
  world.run_for(90ms);
  EXPECT_TRUE(sent_away.empty());
  world.run_for(20ms);
  EXPECT_EQ(sent_away, std::vector{one});
  EXPECT_EQ(order.back(), three);
  // Letting go later does not count twice.
  got.front().reset();
  EXPECT_EQ(room.used_bytes(), 1000u);
}

TEST_F(Rooms, nobody_stands_still_on_a_line_that_is_slow_for_all) {
  round_trip = 500ms;
  ask(one, 500);
  ask(two, 500);
  ask(three, 500);
  for (int round = 0; round < 20; ++round) {
    world.run_for(900ms);
    got[0]->moved();
    world.run_for(900ms);
    got[1]->moved();
  }
  EXPECT_TRUE(sent_away.empty());
}

TEST_F(Rooms, where_nobody_moves_the_first_to_stop_gives_way) {
  ask(one, 500);
  ask(two, 500);
  world.run_for(1ms);
  got[1]->moved();
  world.run_for(500ms);
  got[1]->moved();
  ask(three, 500);
  world.run_for(950ms);
  EXPECT_TRUE(sent_away.empty());
  world.run_for(150ms);
  EXPECT_EQ(sent_away, std::vector{one});
}

TEST_F(Rooms, comes_first_who_has_finished_something_then_who_did_no_harm) {
  useful.clear();
  struck = one;
  ask(three, 1000);
  world.run_for(1ms);
  got.front()->finished();
  ask(one, 1000);
  ask(two, 1000);
  ask(three, 1000);
  world.run_for(1ms);
  for (std::size_t i = 0; i < 3; ++i) {
    got.pop_back();
    world.run_for(1ms);
  }
  EXPECT_EQ(order, (std::vector{three, three, two, one}));
}

TEST_F(Rooms, half_is_kept_for_those_who_have_finished_something) {
  useful = {three};
  ask(one, 400);
  ask(two, 101);
  world.run_for(1ms);
  EXPECT_EQ(order, std::vector{one});
  ask(three, 600);
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, three}));
  EXPECT_EQ(room.used_bytes(), 1000u);
  got.front()->shrink(399);
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, three}));
  got.front().reset();
  got.back()->shrink(100);
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, three, two}));
}

TEST_F(Rooms, who_answers_no_ping_has_the_least_time) {
  round_trip = 0ms;
  ask(one, 1000);
  ask(two, 1000);
  world.run_for(Room::kMinPatience - 10ms);
  EXPECT_TRUE(sent_away.empty());
  world.run_for(120ms);
  EXPECT_EQ(sent_away, std::vector{one});
}

TEST_F(Rooms, a_long_way_away_is_given_no_more_than_the_most_time) {
  round_trip = 1h;
  ask(one, 1000);
  ask(two, 1000);
  world.run_for(Room::kMaxPatience - 10ms);
  EXPECT_TRUE(sent_away.empty());
  world.run_for(120ms);
  EXPECT_EQ(sent_away, std::vector{one});
}

TEST_F(Rooms, the_first_part_of_newcomers_gives_nobody_more_time) {
  ask(one, 500);
  ask(two, 500);
  world.run_for(990ms);
  for (std::uint64_t newcomer = 1; newcomer < Room::kTurns; ++newcomer) {
    got.pop_back();
    ask(two, 500);
    world.run_for(1ms);
    got.back()->moved();
  }
  ask(three, 500);
  world.run_for(110ms);
  EXPECT_EQ(sent_away, std::vector{one});
}

TEST_F(Rooms, who_asks_for_more_than_all_gets_all) {
  ask(one, 5000);
  world.run_for(1ms);
  EXPECT_EQ(room.used_bytes(), 1000u);
  got.front()->shrink(10);
  EXPECT_EQ(room.used_bytes(), 10u);
}

TEST_F(Rooms, who_is_cancelled_in_the_line_leaves_it) {
  ask(one, 1000);
  world.run_for(1ms);
  TaskGroup impatient(world.waits(), "impatient");
  impatient.spawn(take(two, 1000));
  world.run_for(1ms);
  ask(three, 1000);
  world.run(impatient.stop());
  got.clear();
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, three}));
}

}  // namespace
}  // namespace shoal::content::bitswap
