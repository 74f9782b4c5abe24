#include <gtest/gtest.h>

#include "protocol/gossipsub/inbox.h"
#include "protocol/gossipsub/outbox.h"
#include "protocol/gossipsub/parents.h"
#include "protocol/gossipsub/repairs.h"
#include "protocol/gossipsub/router_testing.h"
#include "system/test_loop.h"

namespace shoal::gossipsub {
namespace {

using testing::kTopic;
using testing::message_of;
using testing::peer_of;
using testing::stored;
using testing::TestRandom;

constexpr TimePoint kNow{1h};

SharedBytes bytes_of_size(std::size_t size) {
  return SharedBytes(Bytes(size));
}

TEST(GossipsubBackoffs, a_longer_one_holds_and_ends_after_the_slack) {
  Backoffs backoffs;
  backoffs.add("a", peer_of(1), kNow + 60s);
  backoffs.add("a", peer_of(1), kNow + 10s);
  EXPECT_EQ(backoffs.until("a", peer_of(1), kNow), kNow + 60s);
  EXPECT_FALSE(backoffs.until("b", peer_of(1), kNow));
  EXPECT_TRUE(backoffs.blocks_own_graft("a", peer_of(1), kNow + 62s - 1ns));
  EXPECT_FALSE(backoffs.blocks_own_graft("a", peer_of(1), kNow + 62s));
  backoffs.expire(kNow + 62s);
  EXPECT_EQ(backoffs.size(), 0U);
}

TEST(GossipsubBackoffs, the_first_to_end_goes_at_the_limit) {
  Backoffs backoffs;
  for (std::size_t i = 0; i <= Backoffs::kMaxEntries; ++i) {
    backoffs.add(std::to_string(i), peer_of(1), kNow + i * 1ms);
  }
  EXPECT_EQ(backoffs.size(), Backoffs::kMaxEntries);
  EXPECT_FALSE(backoffs.until("0", peer_of(1), kNow));
  EXPECT_TRUE(backoffs.until("1", peer_of(1), kNow));
}

TEST(GossipsubPromises, count_as_broken_after_the_deadline) {
  TestRandom random;
  Promises promises;
  promises.add(peer_of(1), {"a"}, kNow + 3s, random);
  promises.add(peer_of(2), {"b"}, kNow + 3s, random);
  promises.add(peer_of(3), {"c"}, kNow + 3s, random);
  promises.fulfilled("b");
  promises.forget(peer_of(3));
  EXPECT_TRUE(promises.take_broken(kNow + 3s - 1ns).empty());
  EXPECT_EQ(promises.take_broken(kNow + 3s), (std::map<PeerId, unsigned>{{peer_of(1), 1}}));
  EXPECT_EQ(promises.size(), 0U);
}

TEST(GossipsubPromises, are_bounded) {
  TestRandom random;
  Promises promises;
  for (std::size_t i = 0; i <= Promises::kMaxEntries; ++i) {
    promises.add(peer_of(1), {std::to_string(i)}, kNow, random);
  }
  EXPECT_EQ(promises.size(), Promises::kMaxEntries);
}

TEST(GossipsubMessage, knows_the_size_of_its_rpc_before_it_is_made) {
  Message message = anonymous_message(kTopic, Bytes(200));
  EXPECT_EQ(store_message(message, "a")->bytes(), store_message(message, "a")->rpc().size());
  message.from = Bytes(38);
  message.seqno = Bytes(8);
  message.signature = Bytes();  // there, and empty
  message.key = Bytes(130);
  message.unknown = to_bytes("??");
  EXPECT_EQ(store_message(message, "a")->bytes(), store_message(message, "a")->rpc().size());
}

TEST(GossipsubSeenCache, the_oldest_goes_at_the_limit) {
  SeenCache seen(2min, {});
  for (std::size_t i = 0; i <= SeenCache::kMaxEntries; ++i) {
    seen.add(std::to_string(i), Verdict::accept, kNow);
  }
  EXPECT_EQ(seen.size(), SeenCache::kMaxEntries);
  EXPECT_EQ(seen.find("0", kNow), nullptr);
  EXPECT_NE(seen.find("1", kNow), nullptr);
}

TEST(GossipsubSeenCache, a_peer_counts_once_as_having_delivered) {
  SeenCache seen(2min, {});
  seen.add("a", Verdict::accept, kNow);
  EXPECT_FALSE(seen.add_deliverer("a", peer_of(1)));
  seen.set_deliverers("a", {peer_of(1)});
  EXPECT_FALSE(seen.add_deliverer("a", peer_of(1)));
  EXPECT_TRUE(seen.add_deliverer("a", peer_of(2)));
  for (unsigned i = 3; i <= SeenCache::kMaxPeersPerMessage; ++i)
    seen.add_deliverer("a", peer_of(i));
  EXPECT_FALSE(seen.add_deliverer("a", peer_of(SeenCache::kMaxPeersPerMessage + 1)));
}

TEST(GossipsubSeenCache, who_delivered_is_forgotten_before_the_message) {
  SeenCache seen(2min, {});
  seen.add("a", Verdict::accept, kNow);
  seen.set_deliverers("a", {});
  seen.expire(kNow + SeenCache::kDeliverersKept - 1ns);
  EXPECT_TRUE(seen.add_deliverer("a", peer_of(1)));
  seen.expire(kNow + SeenCache::kDeliverersKept);
  EXPECT_FALSE(seen.add_deliverer("a", peer_of(2)));
  EXPECT_NE(seen.find("a", kNow + 2min - 1ns), nullptr);
  EXPECT_EQ(seen.find("a", kNow + 2min), nullptr);
}

TEST(GossipsubMessageCache, the_oldest_goes_at_the_limit) {
  MessageCache cache(3, 5);
  const std::size_t size = 1024 * 1024;
  std::vector<MessagePtr> messages;
  for (std::size_t i = 0; i <= MessageCache::kMaxBytes / size; ++i) {
    Message message = anonymous_message(kTopic, Bytes(size));
    messages.push_back(store_message(std::move(message), std::to_string(i)));
    cache.put(messages.back());
  }
  EXPECT_LE(cache.bytes(), MessageCache::kMaxBytes);
  EXPECT_EQ(cache.find("0"), nullptr);
  EXPECT_NE(cache.find("2"), nullptr);
  for (int i = 0; i < 5; ++i) cache.shift();
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(GossipsubPending, one_peer_has_a_part_of_the_room) {
  PendingMessages pending;
  for (std::size_t i = 0; i < PendingMessages::kMaxMessagesPerPeer; ++i) {
    EXPECT_TRUE(pending.add(store_message({}, std::to_string(i)), peer_of(1)));
  }
  EXPECT_FALSE(pending.add(store_message({}, "more"), peer_of(1)));
  const auto other = pending.add(store_message({}, "more"), peer_of(2));
  ASSERT_TRUE(other);
  EXPECT_EQ(pending.take(*other).message->id, "more");
  EXPECT_EQ(pending.find(*other), nullptr);
  EXPECT_NE(pending.find_same("3", {}), nullptr);
  EXPECT_EQ(pending.find_same("3", anonymous_message("other", {})), nullptr);
}

TEST(GossipsubPending, is_bounded_over_all_peers) {
  PendingMessages pending;
  for (std::size_t i = 0; i < PendingMessages::kMaxMessages; ++i) {
    EXPECT_TRUE(pending.add(store_message({}, std::to_string(i)),
                            peer_of(1 + static_cast<unsigned>(i % 8))));
  }
  EXPECT_FALSE(pending.add(store_message({}, "more"), peer_of(9)));
}

TEST(GossipsubPending, bounds_the_bytes_of_a_peer) {
  PendingMessages pending;
  const auto large = [](const MessageId& id) {
    return store_message(anonymous_message(kTopic, Bytes(3 * 1024 * 1024)), id);
  };
  EXPECT_TRUE(pending.add(large("a"), peer_of(1)));
  EXPECT_TRUE(pending.add(large("b"), peer_of(1)));
  EXPECT_FALSE(pending.add(large("c"), peer_of(1)));
  EXPECT_TRUE(pending.add(large("c"), peer_of(2)));
}

TEST(GossipsubOutbox, sends_control_then_messages_then_gossip) {
  Outbox outbox;
  outbox.push(Outbox::Kind::gossip, bytes_of_size(1));
  outbox.push(Outbox::Kind::message, bytes_of_size(2));
  outbox.push(Outbox::Kind::control, bytes_of_size(3));
  for (const std::size_t size : {3U, 2U, 1U}) EXPECT_EQ(outbox.pop()->size(), size);
  EXPECT_FALSE(outbox.pop());
}

TEST(GossipsubOutbox, loses_gossip_first_then_the_oldest_messages) {
  Outbox outbox;
  const std::size_t part = Outbox::kMaxBytes / 4;
  outbox.push(Outbox::Kind::message, bytes_of_size(part + 1));
  outbox.push(Outbox::Kind::gossip, bytes_of_size(part));
  for (int i = 0; i < 2; ++i) outbox.push(Outbox::Kind::message, bytes_of_size(part));
  EXPECT_EQ(outbox.dropped().gossip, 1U);
  EXPECT_EQ(outbox.dropped().messages, 0U);
  outbox.push(Outbox::Kind::message, bytes_of_size(part));
  EXPECT_EQ(outbox.dropped().messages, 1U);
  outbox.push(Outbox::Kind::gossip, bytes_of_size(part + 1));
  EXPECT_EQ(outbox.dropped().gossip, 2U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(outbox.pop()->size(), part);
  EXPECT_TRUE(outbox.empty());
}

TEST(GossipsubOutbox, refuses_control_beyond_its_limit) {
  Outbox outbox;
  EXPECT_TRUE(outbox.push(Outbox::Kind::control, bytes_of_size(Outbox::kMaxControlBytes)));
  EXPECT_FALSE(outbox.push(Outbox::Kind::control, bytes_of_size(1)));
  outbox.pop();
  EXPECT_TRUE(outbox.push(Outbox::Kind::control, bytes_of_size(1)));
}

TEST(GossipsubInbox, counts_what_nobody_took_in_time) {
  shoal::testing::TestLoop loop;
  Inbox inbox(loop.waits, {.messages = 2, .bytes = 1 << 20});
  for (std::uint64_t i = 0; i < 5; ++i) inbox.push({stored(message_of(1, i)), peer_of(2)});
  EXPECT_EQ(inbox.missed(), 3U);
  const auto next = inbox.try_next();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->message->message.seqno->back(), 3);
  EXPECT_EQ(next->author(), peer_of(1));
}

TEST(GossipsubParents, are_bounded) {
  Parents parents;
  for (TreeKey tree = 1; tree <= Parents::kMaxTrees + 1; ++tree) parents.set(tree, peer_of(1));
  EXPECT_EQ(parents.size(), Parents::kMaxTrees);
  EXPECT_EQ(parents.of(1), nullptr);
  EXPECT_NE(parents.of(2), nullptr);
  for (std::size_t i = 0; i <= Parents::kMaxSuspects; ++i) {
    parents.suspect(peer_of(1), std::to_string(i), TimePoint());
  }
  EXPECT_EQ(parents.take_failed(TimePoint() + Parents::kGrace).size(), Parents::kMaxSuspects);
}

TEST(GossipsubRepairs, judge_each_announcer_once_however_many_there_are) {
  constexpr unsigned kAnnouncers = 500;
  const PeerId ours = peer_of(kAnnouncers);
  unsigned judged = 0;
  Repairs repairs([&](const PeerId& peer) {
    ++judged;
    return Repairs::Trust{.outbound = peer == ours};
  });
  for (unsigned peer = 1; peer <= kAnnouncers; ++peer) {
    repairs.announced("id", peer_of(peer), kNow, kNow + 1s);
  }
  EXPECT_EQ(judged, kAnnouncers);
  const auto asked = repairs.take_due(kNow + 1s);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked.front().first, ours) << "the one that is trusted most had room";
}

/// That what is counted is what memory it takes, the library's test of a pause shows.
TEST(GossipsubInbox, an_hour_of_1000_messages_a_second_costs_16_MB_and_one_number) {
  constexpr std::uint64_t kHour = 3600 * 1000;
  shoal::testing::TestLoop loop;
  Inbox inbox(loop.waits, {});
  std::vector<Received> different;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Message message = anonymous_message(kTopic, Bytes(1000, static_cast<std::uint8_t>(i)));
    different.push_back({store_message(std::move(message), std::to_string(i)), peer_of(2)});
  }
  for (std::uint64_t i = 0; i < kHour; ++i) inbox.push(different[i % different.size()]);
  const std::uint64_t missed = inbox.missed();
  std::uint64_t kept = 0;
  std::size_t bytes = 0;
  while (const auto next = inbox.try_next()) {
    ++kept;
    bytes += Inbox::cost(*next);
  }
  EXPECT_EQ(missed + kept, kHour);
  EXPECT_EQ(inbox.missed(), missed) << "no more while it catches up";
  EXPECT_GT(kept, 1000U);
  EXPECT_LT(bytes, 16'000'000U);
}

TEST(GossipsubInbox, bounds_bytes_but_keeps_the_newest) {
  shoal::testing::TestLoop loop;
  Inbox inbox(loop.waits, {.messages = 10, .bytes = 100});
  inbox.push({stored(message_of(1, 1)), peer_of(2)});
  inbox.push({stored(message_of(1, 2, std::string(200, 'x'))), peer_of(2)});
  EXPECT_EQ(inbox.missed(), 1U);
  EXPECT_EQ(inbox.try_next()->data().size(), 200U);
  EXPECT_FALSE(inbox.try_next());
}

}  // namespace
}  // namespace shoal::gossipsub
