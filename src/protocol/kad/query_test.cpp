#include "protocol/kad/query.h"

#include <gtest/gtest.h>

#include "protocol/kad/query_testing.h"

namespace shoal::kad {
namespace {

using testing::fixed_patience;
using testing::numbered_peer;

constexpr TimePoint kStart{1h};

/// Peers 1, 2, …, nearest to the target first.
class QueryTest : public ::testing::Test {
 protected:
  QueryTest() {
    for (std::uint32_t i = 1; i <= 400; ++i) peers.push_back(numbered_peer(i));
    std::ranges::sort(peers, [&](const PeerId& a, const PeerId& b) {
      return nearer(target, Key::of(a), Key::of(b));
    });
  }

  Query& start(Rules rules, std::size_t seeds, std::size_t first_seed = 0) {
    query.emplace(target, self, rules, fixed_patience);
    query->add_seeds(from(first_seed, seeds));
    return *query;
  }
  std::span<const PeerId> from(std::size_t first, std::size_t count) {
    return std::span(peers).subspan(first, count);
  }
  void answer_all(TimePoint now) {
    while (true) {
      const std::vector<PeerId> asked = query->next(now);
      if (asked.empty()) return;
      for (const PeerId& peer : asked) query->answered(peer, {}, now);
    }
  }

  const Key target = Key::of(as_bytes("target"));
  const PeerId self = numbered_peer(0);
  std::vector<PeerId> peers;
  std::optional<Query> query;
};

TEST_F(QueryTest, asks_the_nearest_alpha_first) {
  Query& q = start({.alpha = 10}, 15);
  EXPECT_EQ(q.next(kStart), std::vector<PeerId>(peers.begin(), peers.begin() + 10));
  EXPECT_TRUE(q.next(kStart).empty());
  q.answered(peers[3], {}, kStart + 50ms);
  EXPECT_EQ(q.next(kStart + 50ms), std::vector<PeerId>{peers[10]});
}

TEST_F(QueryTest, is_done_when_the_closest_have_answered) {
  Query& q = start({.alpha = 3, .replication = 5}, 20);
  std::vector<PeerId> asked;
  while (!q.done()) {
    const auto more = q.next(kStart);
    ASSERT_FALSE(more.empty());
    for (const PeerId& peer : more) q.answered(peer, from(0, 5), kStart);
    asked.insert(asked.end(), more.begin(), more.end());
  }
  EXPECT_EQ(asked.size(), 5u);
  EXPECT_EQ(q.closest(5), std::vector<PeerId>(peers.begin(), peers.begin() + 5));
}

TEST_F(QueryTest, is_done_without_seeds) {
  Query& q = start({}, 0);
  EXPECT_TRUE(q.next(kStart).empty());
  EXPECT_TRUE(q.done());
  EXPECT_TRUE(q.closest(20).empty());
}

TEST_F(QueryTest, asks_another_beside_one_that_is_slow) {
  Query& q = start({.alpha = 2}, 5);
  ASSERT_EQ(q.next(kStart).size(), 2u);
  ASSERT_EQ(q.next_tick(), kStart + 200ms);
  EXPECT_TRUE(q.next(kStart + 199ms).empty());
  EXPECT_EQ(q.next(kStart + 200ms), (std::vector<PeerId>{peers[2], peers[3]}));
  EXPECT_FALSE(q.done());
}

TEST_F(QueryTest, counts_an_answer_that_comes_late) {
  Query& q = start({.alpha = 2, .replication = 2}, 3);
  q.next(kStart);
  q.answered(peers[1], {}, kStart + 100ms);
  q.tick(kStart + 500ms);
  q.next(kStart + 500ms);
  q.answered(peers[0], from(10, 1), kStart + 900ms);
  const auto hops = q.hops();
  EXPECT_EQ(hops[0].outcome, Hop::Outcome::answered);
  EXPECT_EQ(hops[0].round_trip, 900ms);
  EXPECT_EQ(hops[0].named, 1u);
  EXPECT_EQ(q.closest(1), std::vector<PeerId>{peers[0]});
  EXPECT_TRUE(q.done());
}

TEST_F(QueryTest, does_not_wait_for_the_late_when_others_answered) {
  Query& q = start({.alpha = 10}, 4);
  q.next(kStart);
  q.answered(peers[1], {}, kStart + 100ms);
  q.tick(kStart + 499ms);
  EXPECT_FALSE(q.done());
  q.tick(kStart + 500ms);
  EXPECT_TRUE(q.done());
}

TEST_F(QueryTest, waits_for_the_late_when_nobody_answered) {
  Query& q = start({.alpha = 10}, 2);
  q.next(kStart);
  q.tick(kStart + 5s);
  EXPECT_FALSE(q.done());
  EXPECT_EQ(q.next_tick(), std::nullopt);
  q.failed(peers[0], kStart + 6s);
  q.failed(peers[1], kStart + 6s);
  EXPECT_TRUE(q.done());
}

TEST_F(QueryTest, ignores_itself_the_answerer_and_the_unasked) {
  Query& q = start({}, 1);
  q.answered(peers[0], from(1, 5), kStart);
  EXPECT_EQ(q.answer_count(), 0u);
  q.next(kStart);
  const std::vector<PeerId> named = {self, peers[0], peers[7], peers[7]};
  q.answered(peers[0], named, kStart);
  q.answered(peers[0], from(1, 5), kStart);
  EXPECT_EQ(q.hops()[0].named, 1u);
  EXPECT_EQ(q.next(kStart), std::vector<PeerId>{peers[7]});
}

// F3: one answer that lists unlimited closer peers.
TEST_F(QueryTest, keeps_the_nearest_20_of_the_first_40_named) {
  Query& q = start({}, 1, 399);
  q.next(kStart);
  std::vector<PeerId> named(peers.begin() + 1, peers.begin() + 201);
  std::ranges::reverse(named);
  q.answered(peers[399], named, kStart);
  EXPECT_EQ(q.candidate_count(), 1 + Query::kMaxKept);
  EXPECT_EQ(q.next(kStart).front(), named[39]);
}

TEST_F(QueryTest, keeps_256_candidates_at_most) {
  Query& q = start({.alpha = 50, .max_in_flight = 50}, 50, 350);
  const auto asked = q.next(kStart);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    q.answered(asked[i], from(20 * (i % 17), 20), kStart);
    EXPECT_LE(q.candidate_count(), Query::kMaxCandidates);
  }
  EXPECT_EQ(q.candidate_count(), Query::kMaxCandidates);
  EXPECT_EQ(q.next(kStart).front(), peers[0]);
}

TEST_F(QueryTest, asks_no_more_than_max_asks) {
  Query& q = start({.replication = 200, .max_asks = 30}, 100);
  answer_all(kStart);
  EXPECT_EQ(q.ask_count(), 30u);
  EXPECT_TRUE(q.done());
}

TEST_F(QueryTest, has_no_more_in_flight_than_allowed) {
  Query& q = start({.alpha = 10, .max_in_flight = 25}, 100);
  std::size_t asked = 0;
  for (int i = 0; i < 100; ++i) asked += q.next(kStart + i * 500ms).size();
  EXPECT_EQ(asked, 25u);
  q.failed(peers[0], kStart + 60s);
  EXPECT_EQ(q.next(kStart + 60s).size(), 1u);
}

TEST_F(QueryTest, drops_the_rest_of_those_named_by_a_liar) {
  Query& q = start({.judges_namers = true}, 2, 398);
  q.next(kStart);
  q.answered(peers[398], from(0, 20), kStart);
  q.answered(peers[399], from(100, 20), kStart);
  std::size_t invented = 0;
  TimePoint now = kStart;
  while (!q.done() && now < kStart + 60s) {
    for (const PeerId& peer : q.next(now)) {
      const bool exists = Key::of(peer).distance(target) >= Key::of(peers[100]).distance(target);
      invented += exists ? 0 : 1;
      if (exists) q.answered(peer, {}, now);
    }
    now += 100ms;
    q.tick(now);
  }
  EXPECT_LE(invented, Query::kMaxUnconfirmed + Query::kMaxUnanswering);
  EXPECT_EQ(q.closest(20), std::vector<PeerId>(peers.begin() + 100, peers.begin() + 120));
}

TEST_F(QueryTest, keeps_what_an_honest_peer_names_as_well) {
  Query& q = start({}, 2, 398);
  q.next(kStart);
  q.answered(peers[398], from(0, 20), kStart);
  q.answered(peers[399], from(15, 10), kStart);
  TimePoint now = kStart;
  for (; !q.done() && now < kStart + 60s; now += 100ms) {
    for (const PeerId& peer : q.next(now)) {
      if (std::ranges::find(peers, peer) - peers.begin() >= 15) q.answered(peer, {}, now);
    }
  }
  EXPECT_EQ(q.closest(10), std::vector<PeerId>(peers.begin() + 15, peers.begin() + 25));
}

TEST_F(QueryTest, disjoint_paths_share_no_peer) {
  Query& q = start({.alpha = 4, .replication = 4, .disjoint_paths = 2}, 2, 100);
  const auto first = q.next(kStart);
  ASSERT_EQ(first.size(), 2u);
  q.answered(first[0], from(0, 4), kStart);
  q.answered(first[1], from(2, 4), kStart);
  answer_all(kStart);
  EXPECT_TRUE(q.done());
  EXPECT_EQ(q.ask_count(), 8u);
  EXPECT_EQ(q.closest(6), std::vector<PeerId>(peers.begin(), peers.begin() + 6));
}

TEST_F(QueryTest, asks_everybody_within_the_radius) {
  Rules rules;
  rules.radius = Key::of(peers[50]).distance(target);  // the 50 before it are nearer
  start(rules, 100);
  answer_all(kStart);
  EXPECT_TRUE(query->done());
  EXPECT_EQ(query->within_radius(), 50u);
  EXPECT_GE(query->ask_count(), 50u);
  EXPECT_LE(query->ask_count(), 50u + rules.alpha);
}

TEST_F(QueryTest, asks_the_nearest_when_fewer_lie_within_the_radius) {
  Rules rules;
  rules.radius = Key::of(peers[5]).distance(target);
  start(rules, 100);
  answer_all(kStart);
  EXPECT_EQ(query->within_radius(), 5u);
  EXPECT_GE(query->closest(100).size(), rules.replication);
  EXPECT_LE(query->ask_count(), rules.replication + rules.alpha);
}

TEST_F(QueryTest, a_crowd_within_the_radius_ends_at_the_most_requests) {
  Rules rules;
  rules.radius = Key::of(peers[300]).distance(target);
  start(rules, 250);
  answer_all(kStart);
  EXPECT_TRUE(query->done());
  EXPECT_EQ(query->ask_count(), rules.max_asks);
}

TEST_F(QueryTest, asks_nobody_after_finish) {
  Query& q = start({}, 30);
  EXPECT_EQ(q.next(kStart).size(), 10u);
  q.finish();
  q.answered(peers[0], from(40, 5), kStart);
  EXPECT_TRUE(q.next(kStart).empty());
  EXPECT_TRUE(q.done());
}

TEST_F(QueryTest, reports_distance_round_and_number_named) {
  Query& q = start({}, 1, 50);
  q.next(kStart);
  q.answered(peers[50], from(0, 3), kStart + 40ms);
  q.next(kStart + 40ms);
  const auto hops = q.hops();
  ASSERT_EQ(hops.size(), 4u);
  EXPECT_EQ(hops[0].round, 0u);
  EXPECT_EQ(hops[0].named, 3u);
  EXPECT_EQ(hops[0].round_trip, 40ms);
  EXPECT_EQ(hops[1].round, 1u);
  EXPECT_EQ(hops[1].distance, Key::of(peers[0]).distance(target));
  EXPECT_EQ(hops[1].outcome, Hop::Outcome::pending);
}

}  // namespace
}  // namespace shoal::kad
