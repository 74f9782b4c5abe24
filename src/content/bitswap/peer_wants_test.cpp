#include "content/bitswap/peer_wants.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace shoal::content::bitswap {
namespace {

constexpr TimePoint kBegin{};

Cid cid_of(const std::string& text) {
  return Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(text)));
}

struct Held {
  std::set<Cid> cids;
  PeerWants::SizeOf sizes() const {
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

std::string next(PeerWants& peer_wants, std::initializer_list<std::string> names) {
  const auto request = peer_wants.next_block();
  if (!request) return "";
  for (const std::string& name : names) {
    if (cid_of(name) != *request) continue;
    peer_wants.sent(request->hash());
    return name;
  }
  return "?";
}

TEST(BitswapLedger, serves_by_priority_and_then_in_order_of_arrival) {
  const Held held{{cid_of("a"), cid_of("b"), cid_of("c")}};
  PeerWants peer_wants(kBegin);
  peer_wants.receive(wants({{cid_of("a"), 1}, {cid_of("b"), 5}, {cid_of("c"), 1}}), held.sizes(),
                     kBegin);
  EXPECT_EQ(next(peer_wants, {"a", "b", "c"}), "b");
  EXPECT_EQ(next(peer_wants, {"a", "b", "c"}), "a");
  EXPECT_EQ(next(peer_wants, {"a", "b", "c"}), "c");
  EXPECT_EQ(next(peer_wants, {"a", "b", "c"}), "");
  EXPECT_EQ(peer_wants.size(), 0u);
}

TEST(BitswapLedger, sends_first_what_fewest_have_once_told_how_many_that_are) {
  const Held held{{cid_of("a"), cid_of("b"), cid_of("c")}};
  std::map<Multihash, std::uint32_t> copies;
  PeerWants peer_wants(kBegin);
  peer_wants.send_rarest_first([&copies](const Multihash& hash) { return copies[hash]; });
  peer_wants.receive(wants({{cid_of("a"), 3}, {cid_of("b"), 2}, {cid_of("c"), 1}}), held.sizes(),
                     kBegin);
  copies[cid_of("a").hash()] = 2;
  copies[cid_of("b").hash()] = 1;
  EXPECT_EQ(next(peer_wants, {"a", "b", "c"}), "c");
  EXPECT_EQ(peer_wants.queued_bytes(), 20u);
  copies[cid_of("b").hash()] = 3;
  EXPECT_EQ(next(peer_wants, {"a", "b", "c"}), "a");
  peer_wants.receive(wants({{cid_of("b"), 0, true}}), held.sizes(), kBegin);
  EXPECT_EQ(next(peer_wants, {"a", "b", "c"}), "");
  EXPECT_EQ(peer_wants.queued_bytes(), 0u);
}

TEST(BitswapLedger, says_what_it_has_and_what_it_has_not) {
  const Held held{{cid_of("a")}};
  PeerWants peer_wants(kBegin);
  peer_wants.receive(wants({{cid_of("a"), 1, false, WantType::have, true},
                            {cid_of("b"), 1, false, WantType::have, true},
                            {cid_of("c"), 1, false, WantType::block, true},
                            {cid_of("d"), 1, false, WantType::block, false}}),
                     held.sizes(), kBegin);
  const auto said = peer_wants.take_presences(100);
  ASSERT_EQ(said.size(), 3u);
  EXPECT_TRUE(said[0].have);
  EXPECT_FALSE(said[1].have);
  EXPECT_EQ(said[2].cid, cid_of("c"));
  EXPECT_FALSE(peer_wants.has_blocks());
  EXPECT_EQ(peer_wants.size(), 3u);  // b, c and d are remembered
}

PeerWants::SizeOf all_of(std::uint64_t bytes) {
  return [bytes](const Multihash&) { return bytes; };
}

TEST(BitswapLedger, holds_back_that_it_has_big_blocks_until_it_is_told) {
  PeerWants peer_wants(kBegin);
  peer_wants.hold_haves();
  const auto have = [](const char* name) {
    return WantEntry{cid_of(name), 1, false, WantType::have, true};
  };
  peer_wants.receive(wants({have("small")}), all_of(PeerWants::kMinHeldBytes - 1), kBegin);
  EXPECT_EQ(peer_wants.take_presences(100).size(), 1u);
  peer_wants.receive(wants({have("a"), have("b"), have("c")}), all_of(PeerWants::kMinHeldBytes),
                     kBegin);
  EXPECT_EQ(peer_wants.take_presences(100).size(), 0u);
  EXPECT_EQ(peer_wants.held(), 3u);
  EXPECT_EQ(peer_wants.held(1, 100).size(), 2u);
  peer_wants.tell_held(cid_of("a").hash(), kBegin);
  EXPECT_FALSE(peer_wants.is_held(cid_of("a").hash()));
  ASSERT_EQ(peer_wants.take_presences(100).size(), 1u);
  peer_wants.receive(wants({{cid_of("b"), 0, true}}), all_of(1), kBegin);
  EXPECT_EQ(peer_wants.held(), 1u);
  peer_wants.tell_held(cid_of("b").hash(), kBegin);
  EXPECT_FALSE(peer_wants.has_presences());
}

TEST(BitswapLedger, offers_count_until_taken_declined_or_over) {
  PeerWants peer_wants(kBegin);
  peer_wants.hold_haves();
  Message many;
  for (std::size_t i = 0; i <= PeerWants::kMaxOffers; ++i) {
    many.wants.push_back({cid_of(std::to_string(i)), 1, false, WantType::have, true});
  }
  peer_wants.receive(many, all_of(PeerWants::kMinHeldBytes), kBegin);
  for (const Multihash& hash : peer_wants.held(0, many.wants.size())) {
    peer_wants.tell_held(hash, kBegin);
  }
  const std::size_t most = PeerWants::kMaxOffers * PeerWants::kMinHeldBytes;
  EXPECT_EQ(peer_wants.offered_bytes(kBegin), most);
  EXPECT_EQ(peer_wants.take_presences(1000).size(), PeerWants::kMaxOffers + 1);
  Message half;
  half.wants.assign(many.wants.begin(), many.wants.begin() + PeerWants::kMaxOffers / 2);
  for (std::size_t i = 0; i < half.wants.size(); ++i) {
    half.wants[i].type = WantType::block;
    half.wants[i].cancel = i % 2 == 0;
  }
  peer_wants.receive(half, all_of(PeerWants::kMinHeldBytes), kBegin);
  // The one that was beyond the bound may be among these.
  EXPECT_LE(peer_wants.offered_bytes(kBegin), most / 2 + PeerWants::kMinHeldBytes);
  EXPECT_GE(peer_wants.offered_bytes(kBegin), most / 2);
  EXPECT_EQ(peer_wants.offered_bytes(kBegin + PeerWants::kOfferTime), 0u);
}

TEST(BitswapLedger, answers_later_what_comes_later) {
  Held held;
  PeerWants peer_wants(kBegin);
  peer_wants.receive(wants({{cid_of("a"), 1, false, WantType::have, true}, {cid_of("b")}}),
                     held.sizes(), kBegin);
  peer_wants.take_presences(100);
  peer_wants.offer(cid_of("a").hash(), 10);
  peer_wants.offer(cid_of("b").hash(), 10);
  const auto said = peer_wants.take_presences(100);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].have);
  EXPECT_EQ(next(peer_wants, {"a", "b"}), "b");
  EXPECT_EQ(peer_wants.size(), 0u);
}

TEST(BitswapLedger, forgets_what_is_cancelled_or_replaced) {
  const Held held{{cid_of("a"), cid_of("b")}};
  PeerWants peer_wants(kBegin);
  peer_wants.receive(wants({{cid_of("a")}, {cid_of("b")}}), held.sizes(), kBegin);
  peer_wants.receive(wants({{cid_of("a"), 1, true}}), held.sizes(), kBegin);
  EXPECT_EQ(peer_wants.size(), 1u);
  Message full = wants({{cid_of("a")}});
  full.full = true;
  peer_wants.receive(full, held.sizes(), kBegin);
  EXPECT_EQ(next(peer_wants, {"a", "b"}), "a");
  EXPECT_EQ(next(peer_wants, {"a", "b"}), "");
}

TEST(BitswapLedger, ignores_a_want_that_is_said_again_while_its_block_is_on_its_way) {
  const Held held{{cid_of("a"), cid_of("b")}};
  PeerWants peer_wants(kBegin);
  peer_wants.receive(wants({{cid_of("a")}}), held.sizes(), kBegin);
  ASSERT_TRUE(peer_wants.next_block());
  Message full = wants({{cid_of("a")}, {cid_of("b")}});
  full.full = true;
  peer_wants.receive(wants({{cid_of("a")}}), held.sizes(), kBegin);
  peer_wants.receive(full, held.sizes(), kBegin);
  EXPECT_EQ(next(peer_wants, {"a", "b"}), "b");
  EXPECT_FALSE(peer_wants.has_blocks());
  peer_wants.sent(cid_of("a").hash());
  peer_wants.receive(wants({{cid_of("a")}}), held.sizes(), kBegin);
  EXPECT_EQ(next(peer_wants, {"a"}), "a");
}

TEST(BitswapLedger, knows_what_is_called_off_while_it_is_on_its_way) {
  const Held held{{cid_of("a"), cid_of("b"), cid_of("c")}};
  PeerWants peer_wants(kBegin);
  peer_wants.receive(wants({{cid_of("a")}, {cid_of("b")}, {cid_of("c")}}), held.sizes(), kBegin);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(peer_wants.next_block());
  peer_wants.receive(wants({{cid_of("a"), 1, true}}), held.sizes(), kBegin);
  EXPECT_FALSE(peer_wants.is_wanted(cid_of("a").hash()));
  EXPECT_TRUE(peer_wants.is_wanted(cid_of("b").hash()));
  Message full = wants({{cid_of("c")}});
  full.full = true;
  peer_wants.receive(full, held.sizes(), kBegin);
  EXPECT_FALSE(peer_wants.is_wanted(cid_of("b").hash()));
  EXPECT_TRUE(peer_wants.is_wanted(cid_of("c").hash()));
  peer_wants.receive(wants({{cid_of("b")}}), held.sizes(), kBegin);
  EXPECT_TRUE(peer_wants.is_wanted(cid_of("b").hash()));
  EXPECT_FALSE(peer_wants.has_blocks());
  peer_wants.missing(cid_of("a").hash());
  EXPECT_EQ(peer_wants.size(), 2u);
  EXPECT_FALSE(peer_wants.waits_for(cid_of("a").hash()));
}

// Each one on its way takes memory, and would be read again if it were wanted anew.
TEST(BitswapLedger, I1_counts_what_is_called_off_until_it_is_sent) {
  Held held;
  PeerWants peer_wants(kBegin);
  for (std::size_t i = 0; i < PeerWants::kMaxWants; ++i) {
    const Cid cid = cid_of(std::to_string(i));
    held.cids.insert(cid);
    peer_wants.receive(wants({{cid}}), held.sizes(), kBegin);
    ASSERT_TRUE(peer_wants.next_block());
    peer_wants.receive(wants({{cid, 1, true}}), held.sizes(), kBegin);
  }
  held.cids.insert(cid_of("more"));
  peer_wants.receive(wants({{cid_of("more")}}), held.sizes(), kBegin);
  EXPECT_FALSE(peer_wants.has_blocks());
  peer_wants.sent(cid_of("0").hash());
  peer_wants.receive(wants({{cid_of("more")}}), held.sizes(), kBegin);
  EXPECT_TRUE(peer_wants.has_blocks());
}

TEST(BitswapLedger, waits_for_a_block_that_is_not_there_after_all) {
  const Held held{{cid_of("a")}};
  PeerWants peer_wants(kBegin);
  peer_wants.receive(wants({{cid_of("a"), 1, false, WantType::block, true}}), held.sizes(), kBegin);
  ASSERT_TRUE(peer_wants.next_block());
  peer_wants.missing(cid_of("a").hash());
  EXPECT_EQ(peer_wants.take_presences(10).size(), 1u);
  peer_wants.offer(cid_of("a").hash(), 10);
  EXPECT_EQ(next(peer_wants, {"a"}), "a");
}

TEST(BitswapLedger, I1_keeps_1024_wants_and_prefers_those_it_can_serve) {
  const Held held{{cid_of("have")}};
  PeerWants peer_wants(kBegin);
  Message flood;
  for (std::size_t i = 0; i < PeerWants::kMaxWants; ++i)
    flood.wants.push_back({cid_of(std::to_string(i))});
  peer_wants.receive(flood, held.sizes(), kBegin);
  EXPECT_EQ(peer_wants.size(), PeerWants::kMaxWants);
  peer_wants.receive(wants({{cid_of("have")}}), held.sizes(), kBegin);
  EXPECT_EQ(peer_wants.size(), PeerWants::kMaxWants);
  EXPECT_EQ(next(peer_wants, {"have"}), "have");
}

TEST(BitswapLedger, I1_does_not_take_a_1025th_want_when_all_can_be_served) {
  const PeerWants::SizeOf all = [](const Multihash&) { return 10; };
  PeerWants peer_wants(kBegin);
  for (std::size_t i = 0; i <= PeerWants::kMaxWants; ++i) {
    peer_wants.receive(wants({{cid_of(std::to_string(i))}}), all, kBegin);
  }
  EXPECT_EQ(peer_wants.size(), PeerWants::kMaxWants);
}

TEST(BitswapLedger, I10_ignores_a_flood_of_absent_hashes_until_time_has_passed) {
  const Held held;
  PeerWants peer_wants(kBegin);
  const auto ask = [&](const std::string& name, TimePoint now) {
    peer_wants.receive(wants({{cid_of(name), 1, false, WantType::have, true}}), held.sizes(), now);
    return peer_wants.take_presences(10).size();
  };
  for (int i = 0; i < static_cast<int>(PeerWants::kTokens); ++i) {
    ASSERT_EQ(ask(std::to_string(i), kBegin), 1u);
  }
  EXPECT_EQ(ask("more", kBegin), 0u);
  EXPECT_EQ(ask("more", kBegin + 1s), 1u);
}

TEST(BitswapLedger, I1_says_no_more_than_its_bound_to_one_who_reads_nothing) {
  PeerWants peer_wants(kBegin);
  TimePoint now = kBegin;
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
    peer_wants.receive(message, [](const Multihash&) { return std::nullopt; }, now);
    EXPECT_LE(peer_wants.presence_count(), PeerWants::kMaxPresences);
  }
  EXPECT_EQ(peer_wants.presence_count(), PeerWants::kMaxPresences);
  EXPECT_EQ(peer_wants.size(), PeerWants::kMaxWants);
}

TEST(BitswapLedger, I4_ignores_identity_cids) {
  const Held held;
  PeerWants peer_wants(kBegin);
  const Cid inlined = Cid::v1(Codec::raw, Multihash::identity(as_bytes("inlined")));
  peer_wants.receive(wants({{inlined, 1, false, WantType::block, true}}), held.sizes(), kBegin);
  EXPECT_EQ(peer_wants.size(), 0u);
  EXPECT_FALSE(peer_wants.has_presences());
}

}  // namespace
}  // namespace shoal::content::bitswap
