#include "net/resources/memory_budget.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::net {
namespace {

PeerId peer_of(std::uint8_t number) {
  return PeerId::from_public_key(
      crypto::PrivateKey::ed25519_from_seed(Bytes(32, number)).public_key());
}

constexpr MemoryBudget::MinimumRate kRate{.grace = 100ms, .bytes_per_second = 1000};

struct MemoryBudgets : ::testing::Test {
  using Reservation = std::unique_ptr<MemoryBudget::Reservation>;

  ~MemoryBudgets() override {
    world.run(work.stop());
    held.clear();
  }

  Task<void> acquire(MemoryBudget::Owner owner, std::size_t bytes) {
    Reservation got = co_await budget.acquire(owner, bytes);
    order.push_back(owner.peer);
    held.push_back(std::move(got));
  }
  MemoryBudget::Owner owner(const PeerId& peer, bool established) const {
    return {.peer = peer, .prefix = IpAddress::v4({127, 0, 0, 1}), .established = established};
  }
  void ask_as_newcomer(const PeerId& peer, std::size_t bytes) {
    work.spawn(acquire(owner(peer, false), bytes));
    world.run_for(1ms);
  }
  void ask(const PeerId& peer, std::size_t bytes) {
    work.spawn(acquire(owner(peer, true), bytes));
    world.run_for(1ms);
  }
  void make_revocable(std::size_t index) {
    held[index]->make_revocable(kRate, [this, index] { revoked.push_back(index); });
  }

  const PeerId one = peer_of(1);
  const PeerId two = peer_of(2);
  const PeerId three = peer_of(3);
  sim::World world;
  MemoryBudget budget{world.add_host().system(), {.bytes = 1000, .bytes_per_peer = 500}};
  std::vector<PeerId> order;
  std::deque<Reservation> held;
  std::vector<std::size_t> revoked;
  TaskGroup work{world.waits(), "requests"};
};

TEST_F(MemoryBudgets, waits_while_exhausted) {
  ask(one, 400);
  ask(two, 350);
  ask(three, 1);
  world.run_for(10s);
  EXPECT_EQ(order, (std::vector{one, two}));
  EXPECT_EQ(budget.used_bytes(), 750u);
  held.pop_back();
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, two, three}));
}

TEST_F(MemoryBudgets, leaves_a_quarter_for_newcomers) {
  ask(one, 500);
  ask(two, 250);
  ask(three, 1);
  EXPECT_EQ(order.size(), 2u);
  ask_as_newcomer(peer_of(4), 250);
  EXPECT_EQ(order.back(), peer_of(4));
  EXPECT_EQ(budget.used_bytes(), 1000u);
}

TEST_F(MemoryBudgets, leaves_half_for_established_peers) {
  ask_as_newcomer(one, 400);
  ask_as_newcomer(two, 101);
  EXPECT_EQ(order, std::vector{one});
  ask(three, 500);
  EXPECT_EQ(order, (std::vector{one, three}));
  held.front()->shrink(399);
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, three, two}));
}

TEST_F(MemoryBudgets, bounds_what_one_peer_holds) {
  ask(one, 500);
  ask(one, 1);
  EXPECT_EQ(order.size(), 1u);
  held.clear();
  world.run_for(1ms);
  EXPECT_EQ(order.size(), 2u);
}

TEST_F(MemoryBudgets, grants_at_most_what_a_newcomer_may_hold) {
  ask_as_newcomer(one, 5000);
  EXPECT_EQ(budget.used_bytes(), 500u);
}

TEST_F(MemoryBudgets, serves_the_peer_that_holds_least_first) {
  ask(one, 350);
  ask(two, 350);
  ask(two, 100);
  ask(three, 100);
  EXPECT_EQ(order.size(), 2u);
  held.front()->shrink(300);
  world.run_for(1ms);
  EXPECT_EQ(order.back(), three);
}

TEST_F(MemoryBudgets, serves_the_prefix_that_holds_least_first) {
  const auto from_elsewhere = IpAddress::v4({192, 0, 2, 1});
  ask(one, 300);
  ask(two, 300);
  ask(three, 400);
  work.spawn(acquire({.peer = peer_of(4), .prefix = from_elsewhere, .established = true}, 400));
  world.run_for(1ms);
  held.pop_front();
  world.run_for(1ms);
  ASSERT_EQ(order.size(), 3u);
  EXPECT_EQ(order.back(), peer_of(4));
}

TEST_F(MemoryBudgets, revokes_nothing_while_nobody_waits) {
  ask(one, 500);
  make_revocable(0);
  world.run_for(10s);
  EXPECT_TRUE(revoked.empty());
}

TEST_F(MemoryBudgets, revokes_nothing_for_a_peer_that_holds_some) {
  ask(one, 400);
  ask(two, 350);
  make_revocable(0);
  make_revocable(1);
  ask(two, 100);
  world.run_for(10s);
  EXPECT_TRUE(revoked.empty());
  EXPECT_FALSE(budget.contended());
  ask(three, 100);
  EXPECT_EQ(revoked.size(), 1u);
}

TEST_F(MemoryBudgets, revokes_the_slowest_first) {
  ask(one, 250);
  ask(two, 250);
  ask(three, 250);
  for (std::size_t i = 0; i < 3; ++i) make_revocable(i);
  held[0]->moved(50);
  held[1]->moved(20);
  held[2]->moved(10'000);
  world.run_for(10s);
  ask(peer_of(4), 250);
  EXPECT_EQ(revoked, std::vector<std::size_t>{1});
  ask(peer_of(5), 250);
  EXPECT_EQ(revoked, (std::vector<std::size_t>{1, 0}));
  ask(peer_of(6), 250);
  world.run_for(50ms);
  EXPECT_EQ(revoked.size(), 2u);
  // Its release later does not count twice.
  held[1].reset();
  EXPECT_EQ(budget.used_bytes(), 750u);
}

TEST_F(MemoryBudgets, revokes_who_moves_a_little_now_and_then) {
  ask_as_newcomer(one, 500);
  make_revocable(0);
  ask_as_newcomer(two, 500);
  for (int i = 0; i < 9; ++i) {
    held[0]->moved(5);
    world.run_for(10ms);
  }
  EXPECT_TRUE(revoked.empty());
  for (int i = 0; i < 20; ++i) {
    held[0]->moved(5);
    world.run_for(10ms);
  }
  EXPECT_EQ(revoked, std::vector<std::size_t>{0});
  EXPECT_EQ(order.back(), two);
}

TEST_F(MemoryBudgets, keeps_who_moves_at_the_minimum_rate) {
  ask_as_newcomer(one, 500);
  make_revocable(0);
  ask_as_newcomer(two, 500);
  for (int i = 0; i < 100; ++i) {
    held[0]->moved(10);
    world.run_for(10ms);
  }
  EXPECT_TRUE(revoked.empty());
}

TEST_F(MemoryBudgets, revokes_nothing_that_is_irrevocable) {
  ask_as_newcomer(one, 500);
  make_revocable(0);
  held[0]->make_irrevocable();
  ask_as_newcomer(two, 500);
  world.run_for(10s);
  EXPECT_TRUE(revoked.empty());
  make_revocable(0);
  world.run_for(200ms);
  EXPECT_EQ(order.back(), two);
}

TEST_F(MemoryBudgets, lets_the_holder_destroy_what_is_revoked) {
  ask_as_newcomer(one, 500);
  held[0]->make_revocable(kRate, [this] { held.pop_front(); });
  ask_as_newcomer(two, 400);
  world.run_for(200ms);
  EXPECT_EQ(order.back(), two);
  EXPECT_EQ(budget.used_bytes(), 400u);
}

TEST_F(MemoryBudgets, forgets_a_request_that_is_cancelled) {
  ask_as_newcomer(one, 500);
  TaskGroup impatient(world.waits(), "impatient");
  impatient.spawn(acquire(owner(two, false), 500));
  world.run_for(1ms);
  ask_as_newcomer(three, 500);
  world.run(impatient.stop());
  EXPECT_EQ(budget.waiting(), 1u);
  held.clear();
  world.run_for(1ms);
  EXPECT_EQ(order, (std::vector{one, three}));
}

}  // namespace
}  // namespace shoal::net
