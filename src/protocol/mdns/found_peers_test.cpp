#include "protocol/mdns/found_peers.h"

#include <gtest/gtest.h>

#include "protocol/mdns/link_schedule.h"
#include "protocol/mdns/mdns_testing.h"
#include "protocol/mdns/packet_budget.h"

namespace shoal::mdns {
namespace {

using testing::announced;
using testing::peer_of_seed;
using News = FoundPeers::News;

constexpr TimePoint kStart{1h};

IpAddress host(std::size_t number) {
  return IpAddress::v4(
      {10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

TEST(FoundPeers, tells_new_peers_from_renewed_and_changed_ones) {
  FoundPeers found;
  AnnouncedPeer peer = announced(1, "a");
  EXPECT_EQ(found.add(peer, 2, host(1), kStart), News::fresh);
  EXPECT_EQ(found.add(peer, 2, host(1), kStart), News::renewed);
  EXPECT_EQ(found.add(peer, 3, host(1), kStart), News::fresh);
  peer.addresses.push_back(Multiaddr::parse("/ip4/10.0.0.9/tcp/1"));
  EXPECT_EQ(found.add(peer, 2, host(1), kStart), News::changed);
}

TEST(FoundPeers, an_instance_stays_with_its_peer) {
  FoundPeers found;
  found.add(announced(1, "a"), 2, host(1), kStart);
  EXPECT_EQ(found.add(announced(2, "a"), 2, host(2), kStart), News::refused);
}

TEST(FoundPeers, are_gone_after_their_ttl_and_told_once) {
  FoundPeers found;
  found.add(announced(1, "a", 120), 2, host(1), kStart);
  EXPECT_TRUE(found.take_gone(kStart + 119s).empty());
  const std::vector<GonePeer> gone = {{peer_of_seed(1), 2}};
  EXPECT_EQ(found.take_gone(kStart + 120s), gone);
  EXPECT_TRUE(found.take_gone(kStart + 121s).empty());
}

TEST(FoundPeers, are_kept_no_longer_than_the_bound) {
  FoundPeers found;
  found.add(announced(1, "a", 0xffffffff), 2, host(1), kStart);
  EXPECT_TRUE(found.take_gone(kStart + FoundPeers::kMaxLifetime - 1ns).empty());
  EXPECT_EQ(found.take_gone(kStart + FoundPeers::kMaxLifetime).size(), 1U);
}

TEST(FoundPeers, are_gone_a_second_after_goodbye) {
  FoundPeers found;
  found.add(announced(1, "a"), 2, host(1), kStart);
  found.withdraw(announced(1, "a").instance, 3, kStart);
  found.withdraw(announced(1, "a").instance, 2, kStart);
  EXPECT_TRUE(found.take_gone(kStart + 999ms).empty());
  EXPECT_EQ(found.take_gone(kStart + 1s).size(), 1U);
}

TEST(FoundPeers, a_restarted_peer_is_not_gone_with_its_old_name) {
  FoundPeers found;
  found.add(announced(1, "old", 10), 2, host(1), kStart);
  EXPECT_EQ(found.add(announced(1, "new"), 2, host(1), kStart + 5s), News::changed);
  EXPECT_TRUE(found.take_gone(kStart + 11s).empty());
  EXPECT_EQ(found.size(), 1U);
}

TEST(FoundPeers, go_with_their_interface) {
  FoundPeers found;
  found.add(announced(1, "a"), 2, host(1), kStart);
  found.add(announced(1, "a"), 3, host(1), kStart);
  found.drop_interface(2);
  const std::vector<GonePeer> gone = {{peer_of_seed(1), 2}};
  EXPECT_EQ(found.take_gone(kStart), gone);
  EXPECT_EQ(found.size(), 1U);
}

TEST(FoundPeers, bounds_the_peers_of_one_source) {
  FoundPeers found;
  for (std::size_t i = 0; i < FoundPeers::kMaxPeersPerSource; ++i) {
    EXPECT_EQ(found.add(announced(1, std::to_string(i)), 2, host(1), kStart) == News::refused,
              false);
  }
  EXPECT_EQ(found.add(announced(1, "more"), 2, host(1), kStart), News::refused);
  EXPECT_EQ(found.add(announced(2, "other"), 2, host(2), kStart), News::fresh);
}

TEST(FoundPeers, when_full_the_busiest_source_makes_room) {
  FoundPeers found;
  constexpr std::size_t kSources = FoundPeers::kMaxPeers / FoundPeers::kMaxPeersPerSource;
  for (std::size_t i = 0; i < FoundPeers::kMaxPeers; ++i) {
    found.add(announced(1, std::to_string(i)), 2, host(i % kSources), kStart);
  }
  EXPECT_EQ(found.size(), FoundPeers::kMaxPeers);
  EXPECT_EQ(found.add(announced(2, "honest"), 2, host(999), kStart), News::fresh);
  EXPECT_EQ(found.size(), FoundPeers::kMaxPeers);
}

TEST(FoundPeers, when_full_of_single_ones_none_makes_room) {
  FoundPeers found;
  for (std::size_t i = 0; i < FoundPeers::kMaxPeers; ++i) {
    found.add(announced(1, std::to_string(i)), 2, host(i), kStart);
  }
  EXPECT_EQ(found.add(announced(2, "more"), 2, host(5000), kStart), News::refused);
}

TEST(FoundPeers, known_answers_have_more_than_half_their_time_left) {
  FoundPeers found;
  found.add(announced(1, "a", 120), 2, host(1), kStart);
  EXPECT_EQ(found.known_answers(2, kStart + 59s).size(), 1U);
  EXPECT_TRUE(found.known_answers(2, kStart + 60s).empty());
  EXPECT_TRUE(found.known_answers(3, kStart).empty());
  for (std::size_t i = 0; i < FoundPeers::kMaxKnownAnswers + 1; ++i) {
    found.add(announced(1, std::to_string(i)), 3, host(1), kStart);
  }
  EXPECT_EQ(found.known_answers(3, kStart).size(), FoundPeers::kMaxKnownAnswers);
}

TEST(LinkSchedule, asks_at_once_and_then_ever_more_rarely) {
  LinkSchedule schedule(kStart);
  std::vector<Duration> asked;
  for (Duration at{}; at <= 3min; at += 1s) {
    if (schedule.take_query(kStart + at, 0)) asked.push_back(at);
  }
  const std::vector<Duration> expected = {0s, 1s, 3s, 7s, 15s, 31s, 63s, 123s};
  EXPECT_EQ(asked, expected);
}

TEST(LinkSchedule, announces_twice_a_second_apart) {
  LinkSchedule schedule(kStart);
  EXPECT_TRUE(schedule.take_answer(kStart));
  EXPECT_FALSE(schedule.take_answer(kStart + 999ms));
  EXPECT_TRUE(schedule.take_answer(kStart + 1s));
  EXPECT_FALSE(schedule.take_answer(kStart + 1min));
}

TEST(LinkSchedule, answers_at_most_once_a_second) {
  LinkSchedule schedule(kStart);
  schedule.take_answer(kStart);
  schedule.take_answer(kStart + 1s);
  EXPECT_EQ(schedule.answer_by(kStart + 1500ms), kStart + 2s);
  EXPECT_EQ(schedule.answer_by(kStart + 1600ms), std::nullopt);
  EXPECT_FALSE(schedule.take_answer(kStart + 1999ms));
  EXPECT_TRUE(schedule.take_answer(kStart + 2s));
  EXPECT_EQ(schedule.answer_by(kStart + 10s), kStart + 10s);
}

TEST(PacketBudget, bounds_each_sender_and_all) {
  PacketBudget budget;
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += budget.take(host(1), kStart) ? 1 : 0;
  EXPECT_EQ(taken, static_cast<int>(PacketBudget::kBurstPerSource));
  EXPECT_TRUE(budget.take(host(2), kStart));
  for (std::size_t i = 0; i < 5000; ++i) taken += budget.take(host(i), kStart) ? 1 : 0;
  EXPECT_LE(taken, static_cast<int>(PacketBudget::kBurst));
  EXPECT_LE(budget.source_count(), PacketBudget::kMaxSources);
}

}  // namespace
}  // namespace shoal::mdns
