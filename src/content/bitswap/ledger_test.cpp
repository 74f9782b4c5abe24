#include "content/bitswap/ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace shoal::content::bitswap {
namespace {

constexpr TimePoint kStart{};

Cid cid_of(const std::string& text) {
  return Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(text)));
}

struct Held {
  std::set<Cid> cids;
  Ledger::SizeOf sizes() const {
    return [this](const Multihash& hash) -> std::optional<std::uint64_t> {
      if (!cids.contains(Cid::v1(Codec::raw, hash))) return std::nullopt;
      return 10;
    };
  }
};

Message wants(std::initializer_list<WantEntry> entries) {
  Message out;
  out.wants = entries;
  return out;
}

std::string next(Ledger& ledger, std::initializer_list<std::string> names) {
  const auto request = ledger.next_block();
  if (!request) return "";
  for (const std::string& name : names) {
    if (cid_of(name) != *request) continue;
    ledger.sent(request->hash());
    return name;
  }
  return "?";
}

TEST(BitswapLedger, serves_by_priority_and_then_in_order_of_arrival) {
  const Held held{{cid_of("a"), cid_of("b"), cid_of("c")}};
  Ledger ledger(kStart);
  ledger.receive(wants({{cid_of("a"), 1}, {cid_of("b"), 5}, {cid_of("c"), 1}}), held.sizes(),
                 kStart);
  EXPECT_EQ(next(ledger, {"a", "b", "c"}), "b");
  EXPECT_EQ(next(ledger, {"a", "b", "c"}), "a");
  EXPECT_EQ(next(ledger, {"a", "b", "c"}), "c");
  EXPECT_EQ(next(ledger, {"a", "b", "c"}), "");
  EXPECT_EQ(ledger.size(), 0u);
}

TEST(BitswapLedger, sends_first_what_fewest_have_once_told_how_many_that_are) {
  const Held held{{cid_of("a"), cid_of("b"), cid_of("c")}};
  std::map<Multihash, std::uint32_t> copies;
  Ledger ledger(kStart);
  ledger.send_rarest_first([&copies](const Multihash& hash) { return copies[hash]; });
  ledger.receive(wants({{cid_of("a"), 3}, {cid_of("b"), 2}, {cid_of("c"), 1}}), held.sizes(),
                 kStart);
  copies[cid_of("a").hash()] = 2;
  copies[cid_of("b").hash()] = 1;
  EXPECT_EQ(next(ledger, {"a", "b", "c"}), "c");
  EXPECT_EQ(ledger.queued_bytes(), 20u);
  copies[cid_of("b").hash()] = 3;
  EXPECT_EQ(next(ledger, {"a", "b", "c"}), "a");
  ledger.receive(wants({{cid_of("b"), 0, true}}), held.sizes(), kStart);
  EXPECT_EQ(next(ledger, {"a", "b", "c"}), "");
  EXPECT_EQ(ledger.queued_bytes(), 0u);
}

TEST(BitswapLedger, says_what_it_has_and_what_it_has_not) {
  const Held held{{cid_of("a")}};
  Ledger ledger(kStart);
  ledger.receive(wants({{cid_of("a"), 1, false, WantType::have, true},
                        {cid_of("b"), 1, false, WantType::have, true},
                        {cid_of("c"), 1, false, WantType::block, true},
                        {cid_of("d"), 1, false, WantType::block, false}}),
                 held.sizes(), kStart);
  const auto said = ledger.take_presences(100);
  ASSERT_EQ(said.size(), 3u);
  EXPECT_TRUE(said[0].have);
  EXPECT_FALSE(said[1].have);
  EXPECT_EQ(said[2].cid, cid_of("c"));
  EXPECT_FALSE(ledger.has_blocks());
  EXPECT_EQ(ledger.size(), 3u);  // b, c and d are remembered
}

TEST(BitswapLedger, answers_later_what_comes_later) {
  Held held;
  Ledger ledger(kStart);
  ledger.receive(wants({{cid_of("a"), 1, false, WantType::have, true}, {cid_of("b")}}),
                 held.sizes(), kStart);
  ledger.take_presences(100);
  ledger.offer(cid_of("a").hash(), 10);
  ledger.offer(cid_of("b").hash(), 10);
  const auto said = ledger.take_presences(100);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].have);
  EXPECT_EQ(next(ledger, {"a", "b"}), "b");
  EXPECT_EQ(ledger.size(), 0u);
}

TEST(BitswapLedger, forgets_what_is_cancelled_or_replaced) {
  const Held held{{cid_of("a"), cid_of("b")}};
  Ledger ledger(kStart);
  ledger.receive(wants({{cid_of("a")}, {cid_of("b")}}), held.sizes(), kStart);
  ledger.receive(wants({{cid_of("a"), 1, true}}), held.sizes(), kStart);
  EXPECT_EQ(ledger.size(), 1u);
  Message full = wants({{cid_of("a")}});
  full.full = true;
  ledger.receive(full, held.sizes(), kStart);
  EXPECT_EQ(next(ledger, {"a", "b"}), "a");
  EXPECT_EQ(next(ledger, {"a", "b"}), "");
}

TEST(BitswapLedger, ignores_a_want_that_is_said_again_while_its_block_is_on_its_way) {
  const Held held{{cid_of("a"), cid_of("b")}};
  Ledger ledger(kStart);
  ledger.receive(wants({{cid_of("a")}}), held.sizes(), kStart);
  ASSERT_TRUE(ledger.next_block());
  Message full = wants({{cid_of("a")}, {cid_of("b")}});
  full.full = true;
  ledger.receive(wants({{cid_of("a")}}), held.sizes(), kStart);
  ledger.receive(full, held.sizes(), kStart);
  EXPECT_EQ(next(ledger, {"a", "b"}), "b");
  EXPECT_FALSE(ledger.has_blocks());
  ledger.sent(cid_of("a").hash());
  ledger.receive(wants({{cid_of("a")}}), held.sizes(), kStart);
  EXPECT_EQ(next(ledger, {"a"}), "a");
}

TEST(BitswapLedger, knows_what_is_called_off_while_it_is_on_its_way) {
  const Held held{{cid_of("a"), cid_of("b"), cid_of("c")}};
  Ledger ledger(kStart);
  ledger.receive(wants({{cid_of("a")}, {cid_of("b")}, {cid_of("c")}}), held.sizes(), kStart);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(ledger.next_block());
  ledger.receive(wants({{cid_of("a"), 1, true}}), held.sizes(), kStart);
  EXPECT_FALSE(ledger.is_wanted(cid_of("a").hash()));
  EXPECT_TRUE(ledger.is_wanted(cid_of("b").hash()));
  Message full = wants({{cid_of("c")}});
  full.full = true;
  ledger.receive(full, held.sizes(), kStart);
  EXPECT_FALSE(ledger.is_wanted(cid_of("b").hash()));
  EXPECT_TRUE(ledger.is_wanted(cid_of("c").hash()));
  ledger.receive(wants({{cid_of("b")}}), held.sizes(), kStart);
  EXPECT_TRUE(ledger.is_wanted(cid_of("b").hash()));
  EXPECT_FALSE(ledger.has_blocks());
  ledger.missing(cid_of("a").hash());
  EXPECT_EQ(ledger.size(), 2u);
  EXPECT_FALSE(ledger.waits_for(cid_of("a").hash()));
}

// Each one on its way takes memory, and would be read again if it were wanted anew.
TEST(BitswapLedger, I1_counts_what_is_called_off_until_it_is_sent) {
  Held held;
  Ledger ledger(kStart);
  for (std::size_t i = 0; i < Ledger::kMaxWants; ++i) {
    const Cid cid = cid_of(std::to_string(i));
    held.cids.insert(cid);
    ledger.receive(wants({{cid}}), held.sizes(), kStart);
    ASSERT_TRUE(ledger.next_block());
    ledger.receive(wants({{cid, 1, true}}), held.sizes(), kStart);
  }
  held.cids.insert(cid_of("more"));
  ledger.receive(wants({{cid_of("more")}}), held.sizes(), kStart);
  EXPECT_FALSE(ledger.has_blocks());
  ledger.sent(cid_of("0").hash());
  ledger.receive(wants({{cid_of("more")}}), held.sizes(), kStart);
  EXPECT_TRUE(ledger.has_blocks());
}

TEST(BitswapLedger, waits_for_a_block_that_is_not_there_after_all) {
  const Held held{{cid_of("a")}};
  Ledger ledger(kStart);
  ledger.receive(wants({{cid_of("a"), 1, false, WantType::block, true}}), held.sizes(), kStart);
  ASSERT_TRUE(ledger.next_block());
  ledger.missing(cid_of("a").hash());
  EXPECT_EQ(ledger.take_presences(10).size(), 1u);
  ledger.offer(cid_of("a").hash(), 10);
  EXPECT_EQ(next(ledger, {"a"}), "a");
}

TEST(BitswapLedger, I1_keeps_1024_wants_and_prefers_those_it_can_serve) {
  const Held held{{cid_of("have")}};
  Ledger ledger(kStart);
  Message flood;
  for (std::size_t i = 0; i < Ledger::kMaxWants; ++i)
    flood.wants.push_back({cid_of(std::to_string(i))});
  ledger.receive(flood, held.sizes(), kStart);
  EXPECT_EQ(ledger.size(), Ledger::kMaxWants);
  ledger.receive(wants({{cid_of("have")}}), held.sizes(), kStart);
  EXPECT_EQ(ledger.size(), Ledger::kMaxWants);
  EXPECT_EQ(next(ledger, {"have"}), "have");
}

TEST(BitswapLedger, I1_does_not_take_a_1025th_want_when_all_can_be_served) {
  const Ledger::SizeOf all = [](const Multihash&) { return 10; };
  Ledger ledger(kStart);
  for (std::size_t i = 0; i <= Ledger::kMaxWants; ++i) {
    ledger.receive(wants({{cid_of(std::to_string(i))}}), all, kStart);
  }
  EXPECT_EQ(ledger.size(), Ledger::kMaxWants);
}

TEST(BitswapLedger, I10_ignores_a_flood_of_absent_hashes_until_time_has_passed) {
  const Held held;
  Ledger ledger(kStart);
  const auto ask = [&](const std::string& name, TimePoint now) {
    ledger.receive(wants({{cid_of(name), 1, false, WantType::have, true}}), held.sizes(), now);
    return ledger.take_presences(10).size();
  };
  for (int i = 0; i < static_cast<int>(Ledger::kTokens); ++i) {
    ASSERT_EQ(ask(std::to_string(i), kStart), 1u);
  }
  EXPECT_EQ(ask("more", kStart), 0u);
  EXPECT_EQ(ask("more", kStart + 1s), 1u);
}

TEST(BitswapLedger, I1_says_no_more_than_its_bound_to_one_who_reads_nothing) {
  Ledger ledger(kStart);
  TimePoint now = kStart;
  // Wants push each other out before their DONT_HAVEs have left, and come again.
  for (int round = 0; round < 20; ++round) {
    now += 1s;
    Message message;
    for (int i = 0; i < 4096; ++i) {
      message.wants.push_back({.cid = cid_of(std::to_string(i)),
                               .priority = 1,
                               .cancel = false,
                               .type = WantType::block,
                               .send_dont_have = true});
    }
    ledger.receive(message, [](const Multihash&) { return std::nullopt; }, now);
    EXPECT_LE(ledger.presence_count(), Ledger::kMaxPresences);
  }
  EXPECT_EQ(ledger.presence_count(), Ledger::kMaxPresences);
  EXPECT_EQ(ledger.size(), Ledger::kMaxWants);
}

TEST(BitswapLedger, I4_ignores_identity_cids) {
  const Held held;
  Ledger ledger(kStart);
  const Cid inlined = Cid::v1(Codec::raw, Multihash::identity(as_bytes("inlined")));
  ledger.receive(wants({{inlined, 1, false, WantType::block, true}}), held.sizes(), kStart);
  EXPECT_EQ(ledger.size(), 0u);
  EXPECT_FALSE(ledger.has_presences());
}

}  // namespace
}  // namespace shoal::content::bitswap
