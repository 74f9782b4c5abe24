#include "net/swarm/connection_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PeerId numbered_peer(std::uint32_t number) {
  Bytes identity = {0x00, 0x24, 0x08, 0x01, 0x12, 0x20};
  append(identity, Bytes(32));
  for (std::size_t i = 0; i < 4; ++i) {
    identity[6 + i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return PeerId::decode(identity);
}

class ConnectionManagerTest : public ::testing::Test {
 protected:
  /// Connections 1 to `count`, each of the peer of that number, opened one second apart.
  void open(std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      const TimePoint at = start + i * 1s;
      candidates.push_back({.id = i,
                            .peer = numbered_peer(static_cast<std::uint32_t>(i)),
                            .use = {.opened_at = at, .last_used = at}});
    }
  }
  ConnectionUse& use(std::size_t id) { return candidates.at(id - 1).use; }
  const PeerId& peer(std::size_t id) { return candidates.at(id - 1).peer; }

  const TimePoint start{1h};
  ConnectionManager manager{{.low = 4, .high = 6, .grace = 20s, .idle_timeout = 5min}};
  std::vector<ConnectionManager::Candidate> candidates;
};

TEST_F(ConnectionManagerTest, trims_to_the_low_mark_above_the_high_one) {
  open(6);
  EXPECT_THAT(manager.excess(candidates, start + 1h), IsEmpty());
  candidates.clear();
  open(7);
  EXPECT_THAT(manager.excess(candidates, start + 1h), ElementsAre(1, 2, 3));
}

TEST_F(ConnectionManagerTest, trims_the_lowest_value_first) {
  open(7);
  manager.tag(peer(1), "kad", 5);
  manager.tag(peer(2), "kad", 5);
  manager.tag(peer(2), "bad", -10);
  manager.tag(peer(3), "kad", 1);
  EXPECT_THAT(manager.excess(candidates, start + 1h), ElementsAre(2, 4, 5));
}

TEST_F(ConnectionManagerTest, never_trims_protected_or_needed_connections) {
  open(8);
  manager.protect(peer(1), "user");
  use(2).solicited = true;
  use(3).last_transfer = start + 1h - 59s;
  use(4).last_transfer = start + 1h - 1min;
  EXPECT_THAT(manager.excess(candidates, start + 1h), ElementsAre(5, 6, 7, 8));
  for (auto& candidate : candidates) candidate.use.solicited = true;
  EXPECT_THAT(manager.excess(candidates, start + 2h), IsEmpty());
}

TEST_F(ConnectionManagerTest, prefers_used_connections_and_rare_prefixes) {
  open(7);
  use(1).served_streams = 1;
  use(2).streams_in_order = 1;
  use(7).crowd = 2;
  EXPECT_THAT(manager.excess(candidates, start + 1h), ElementsAre(7, 3, 4));
}

TEST_F(ConnectionManagerTest, grace_shrinks_as_the_high_mark_is_exceeded) {
  open(8);
  for (std::size_t id = 1; id <= 8; ++id) use(id).opened_at = start;
  EXPECT_THAT(manager.excess(candidates, start + 13s), IsEmpty());  // 20 s * 4 / 6
  EXPECT_THAT(manager.excess(candidates, start + 14s), SizeIs(4));
  open(4);
  EXPECT_THAT(manager.excess(candidates, start + 1s), SizeIs(8));  // twice the high mark
}

TEST_F(ConnectionManagerTest, grace_ends_after_some_time_above_the_mark) {
  open(7);
  for (std::size_t id = 1; id <= 7; ++id) use(id).own_streams = 1;
  const TimePoint begin = start + 1h;
  EXPECT_THAT(manager.excess(candidates, begin), IsEmpty());
  const Duration limit = ConnectionManager::kLongestOvershoot;
  EXPECT_THAT(manager.excess(candidates, begin + limit - 1ms), IsEmpty());
  EXPECT_THAT(manager.excess(candidates, begin + limit), ElementsAre(1, 2, 3));
  EXPECT_THAT(manager.excess(candidates, begin + limit), IsEmpty());  // counts anew
}

TEST_F(ConnectionManagerTest, ends_idle_connections_that_nobody_wants) {
  open(6);
  manager.protect(peer(1), "user");
  manager.tag(peer(2), "kad", 0);
  use(3).solicited = true;
  use(4).served_streams = 1;
  use(5).last_used = start + 10min;
  EXPECT_THAT(manager.idle(candidates, start + 6s + 5min - 1ms), IsEmpty());
  EXPECT_THAT(manager.idle(candidates, start + 6s + 5min), ElementsAre(6));
}

TEST_F(ConnectionManagerTest, names_the_reasons_for_which_a_peer_is_kept) {
  const PeerId anna = numbered_peer(1);
  manager.protect(anna, "user");
  manager.protect(anna, "relay");
  manager.protect(anna, "user");
  manager.tag(anna, "kad", 5);
  manager.tag(anna, "kad", 7);
  EXPECT_THAT(manager.reasons(anna), ElementsAre("relay", "user", "kad=7"));
  EXPECT_EQ(manager.value(anna), 7);
  manager.unprotect(anna, "user");
  EXPECT_TRUE(manager.is_protected(anna));
  manager.unprotect(anna, "relay");
  EXPECT_FALSE(manager.is_protected(anna));
  manager.untag(anna, "kad");
  EXPECT_THAT(manager.reasons(anna), IsEmpty());
  EXPECT_EQ(manager.size(), 0u);
}

TEST_F(ConnectionManagerTest, forgets_the_lowest_value_beyond_its_bound) {
  manager.protect(numbered_peer(0), "user");
  for (std::uint32_t i = 1; i < ConnectionManager::kMaxPeers; ++i) {
    manager.tag(numbered_peer(i), "kad", i == 7 ? 1 : 2);
  }
  manager.tag(numbered_peer(1'000'000), "kad", 1);
  EXPECT_EQ(manager.size(), ConnectionManager::kMaxPeers);
  EXPECT_EQ(manager.value(numbered_peer(7)), 0);
  EXPECT_EQ(manager.value(numbered_peer(8)), 2);
  EXPECT_TRUE(manager.is_protected(numbered_peer(0)));
}

TEST_F(ConnectionManagerTest, bounds_the_names_of_one_peer) {
  const PeerId anna = numbered_peer(1);
  for (std::size_t i = 0; i < ConnectionManager::kMaxNamesPerPeer; ++i) {
    manager.tag(anna, std::to_string(i), 1);
    manager.protect(anna, std::to_string(i));
  }
  manager.tag(anna, "0", 2);
  manager.protect(anna, "0");
  EXPECT_THROW(manager.tag(anna, "x", 1), Error);
  EXPECT_THROW(manager.protect(anna, "x"), Error);
  const std::string longest(ConnectionManager::kMaxNameBytes, 'x');
  manager.tag(numbered_peer(2), longest, 1);
  EXPECT_THROW(manager.tag(numbered_peer(2), longest + "x", 1), Error);
}

TEST_F(ConnectionManagerTest, refuses_more_protected_peers_than_it_holds) {
  for (std::uint32_t i = 0; i < ConnectionManager::kMaxPeers; ++i) {
    manager.protect(numbered_peer(i), "user");
  }
  EXPECT_THROW(manager.protect(numbered_peer(1'000'000), "user"), Error);
}

}  // namespace
}  // namespace shoal::net
