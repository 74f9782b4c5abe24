#include "protocol/kad/reprovide.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "protocol/kad/query_testing.h"

namespace shoal::kad {
namespace {

constexpr WallTime kMonday{std::chrono::sys_days{std::chrono::year{2026} / 1 / 5}};
constexpr Duration kSweep = ReprovideSchedule::kPeriod;

Multihash content(std::uint32_t number) {
  return Multihash::sha2_256(as_bytes("content " + std::to_string(number)));
}

/// A network whose lookups are exact.
class Servers {
 public:
  explicit Servers(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const PeerId id = testing::numbered_peer(i);
      peers_.emplace_back(Key::of(id), id);
    }
  }

  std::vector<PeerId> closest(const Key& target) {
    const std::size_t count = std::min(peers_.size(), kReplication);
    std::ranges::partial_sort(
        peers_, peers_.begin() + static_cast<std::ptrdiff_t>(count),
        [&](const auto& a, const auto& b) { return nearer(target, a.first, b.first); });
    std::vector<PeerId> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(peers_[i].second);
    return out;
  }

 private:
  std::vector<std::pair<Key, PeerId>> peers_;
};

struct Sweep {
  std::size_t lookups = 0;
  std::map<Multihash, std::vector<PeerId>> told;
};

/// All that is due from `begin` on, minute by minute.
Sweep sweep(ReprovideSchedule& schedule, Servers& servers, WallTime begin, Duration span) {
  Sweep out;
  for (WallTime now = begin; now < begin + span; now += 1min) {
    while (const auto due = schedule.next(now)) {
      ++out.lookups;
      const auto found = servers.closest(Key::of(*due));
      for (const Announcement& one : schedule.looked_up(*due, found, now)) {
        for (const Multihash& hash : one.contents) out.told[hash].push_back(one.peer);
      }
    }
  }
  return out;
}

TEST(Reprovide, announces_all_content_once_in_a_sweep) {
  Servers servers(300);
  ReprovideSchedule schedule(kMonday);
  for (std::uint32_t i = 0; i < 500; ++i) schedule.add(content(i));
  const Sweep first = sweep(schedule, servers, kMonday, kSweep);
  EXPECT_EQ(first.told.size(), 500u);
  EXPECT_LE(first.lookups, 60u);
  for (const auto& [hash, peers] : first.told) EXPECT_EQ(peers.size(), kReplication);
  const Sweep second = sweep(schedule, servers, kMonday + kSweep, kSweep);
  EXPECT_EQ(second.told.size(), 500u);
}

// P11 of the goals: at most 1,000 lookups for 100,000 CIDs among 10,000 servers.
TEST(Reprovide, needs_few_lookups_for_much_content) {
  Servers servers(10'000);
  ReprovideSchedule schedule(kMonday);
  for (std::uint32_t i = 0; i < 100'000; ++i) schedule.add(content(i));
  Sweep all = sweep(schedule, servers, kMonday, kSweep);
  EXPECT_EQ(all.told.size(), 100'000u);
  EXPECT_LE(all.lookups, 1000u);
  // Whoever looks for it asks the closest; most of these know.
  std::size_t right = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto& told = all.told[content(i)];
    for (const PeerId& peer : servers.closest(Key::of(content(i)))) {
      right += std::ranges::count(told, peer) > 0 ? 1 : 0;
    }
  }
  EXPECT_GE(right, 100 * 17u);
}

TEST(Reprovide, a_single_cid_goes_to_its_closest) {
  Servers servers(1000);
  ReprovideSchedule schedule(kMonday);
  schedule.add(content(7));
  const Sweep one = sweep(schedule, servers, kMonday, kSweep);
  EXPECT_EQ(one.lookups, 1u);
  auto told = one.told.at(content(7));
  auto closest = servers.closest(Key::of(content(7)));
  std::ranges::sort(closest);
  EXPECT_EQ(told, closest);
}

TEST(Reprovide, a_small_network_is_one_region) {
  Servers servers(5);
  ReprovideSchedule schedule(kMonday);
  for (std::uint32_t i = 0; i < 2000; ++i) schedule.add(content(i));
  const Sweep all = sweep(schedule, servers, kMonday, kSweep);
  EXPECT_EQ(all.told.size(), 2000u);
  EXPECT_LE(all.lookups, 25u);
}

TEST(Reprovide, tells_when_the_next_is_due) {
  ReprovideSchedule schedule(kMonday);
  EXPECT_EQ(schedule.next_due(kMonday), std::nullopt);
  schedule.add(content(1));
  const auto due = schedule.next_due(kMonday);
  ASSERT_TRUE(due.has_value());
  EXPECT_FALSE(schedule.next(*due - 1ns).has_value());
  EXPECT_EQ(schedule.next(*due), content(1));
  schedule.looked_up(content(1), {}, *due);
  EXPECT_EQ(schedule.next_due(*due), *due + kSweep);
}

TEST(Reprovide, resumes_where_it_left_off) {
  Servers servers(300);
  ReprovideSchedule before(kMonday);
  for (std::uint32_t i = 0; i < 300; ++i) before.add(content(i));
  const Sweep first = sweep(before, servers, kMonday, kSweep / 2);
  ReprovideSchedule after = ReprovideSchedule::resume(before.save(), kMonday + kSweep / 2);
  for (std::uint32_t i = 0; i < 300; ++i) after.add(content(i));
  const Sweep second = sweep(after, servers, kMonday + kSweep / 2, kSweep / 2);
  EXPECT_EQ(first.told.size() + second.told.size(), 300u);
  EXPECT_GT(first.told.size(), 50u);
  EXPECT_GT(second.told.size(), 50u);
}

TEST(Reprovide, catches_up_once_after_days_away) {
  Servers servers(300);
  ReprovideSchedule before(kMonday);
  const WallTime later = kMonday + 24h * 30;
  ReprovideSchedule after = ReprovideSchedule::resume(before.save(), later);
  for (std::uint32_t i = 0; i < 300; ++i) after.add(content(i));
  const Sweep at_once = sweep(after, servers, later, 1min);
  EXPECT_EQ(at_once.told.size(), 300u);
}

TEST(Reprovide, takes_no_foreign_bytes) {
  const Bytes saved = ReprovideSchedule(kMonday).save();
  EXPECT_EQ(saved.size(), ReprovideSchedule::kSavedBytes);
  Bytes other = saved;
  other[0] = 9;
  EXPECT_THROW(ReprovideSchedule::resume(other, kMonday), Error);
  EXPECT_THROW(ReprovideSchedule::resume(ByteView(saved).first(40), kMonday), Error);
  for (const int byte : {0x00, 0x7f, 0x80, 0xff}) {
    Bytes odd = saved;
    std::ranges::fill(odd.begin() + 1, odd.end(), static_cast<std::uint8_t>(byte));
    ReprovideSchedule schedule = ReprovideSchedule::resume(odd, kMonday);
    schedule.add(content(1));
    EXPECT_TRUE(schedule.next_due(kMonday).has_value());
    EXPECT_LE(*schedule.next_due(kMonday), kMonday + 2 * kSweep);
  }
}

}  // namespace
}  // namespace shoal::kad
