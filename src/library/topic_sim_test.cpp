#include <malloc.h>

#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Both in one topic, connected.
struct LibraryTopics : TwoHosts {
  void connect() {
    here.run([](Node& node, std::string peer) -> Async<void> {
      co_await node.connect(std::move(peer));
    }(here, address));
  }
  static Async<void> take(Topic& topic, std::size_t count, std::vector<std::string>& into) {
    while (into.size() < count) {
      const std::optional<TopicMessage> message = co_await topic.next();
      if (!message) co_return;
      into.emplace_back(text_of(message->data));
    }
  }
  static Async<void> say(Topic& topic, std::string text) { co_await topic.publish(text); }
  static Async<void> meet(Topic& topic) { co_await topic.met(); }

  std::vector<std::string> heard;
};

TEST_F(LibraryTopics, carry_messages_in_order) {
  connect();
  Topic mine = here.join("news");
  Topic theirs = there.join("news");
  here.run(meet(mine));
  there.run(meet(theirs));
  EXPECT_THAT(mine.peers(), ElementsAre(there.peer_id()));
  for (const char* text : {"one", "two", "three"}) here.run(say(mine, text));
  there.run(take(theirs, 3, heard));
  EXPECT_THAT(heard, ElementsAre("one", "two", "three"));
  EXPECT_EQ(here.run([](Topic& topic) -> Async<std::size_t> {
    const std::size_t peers = co_await topic.confirm();
    co_return peers;
  }(mine)),
            1U);
}

TEST_F(LibraryTopics, name_the_author) {
  connect();
  Topic mine = here.join("news");
  Topic theirs = there.join("news");
  here.run(meet(mine));
  here.run(say(mine, "hello"));
  there.run([](Topic& topic, std::string author) -> Async<void> {
    const auto message = co_await topic.next();
    EXPECT_EQ(message->author, author);
    EXPECT_EQ(message->sender, author);
    EXPECT_FALSE(message->id.empty());
  }(theirs, here.peer_id()));
}

TEST_F(LibraryTopics, may_go_without_signatures) {
  connect();
  Topic mine = here.join("open", {.signatures = false});
  Topic theirs = there.join("open", {.signatures = false});
  here.run(meet(mine));
  here.run(say(mine, "hello"));
  there.run([](Topic& topic) -> Async<void> {
    const auto message = co_await topic.next();
    EXPECT_EQ(message->author, "");
  }(theirs));
  EXPECT_EQ(failure(say(mine, "hello")), ErrorCode::exists);
}

TEST_F(LibraryTopics, validators_keep_messages_out) {
  connect();
  const auto polite = [](const TopicMessage& message) {
    return text_of(message.data) == "rude" ? Verdict::reject : Verdict::accept;
  };
  Topic mine = here.join("news");
  Topic theirs = there.join("news", {.validator = polite});
  here.run(meet(mine));
  for (const char* text : {"rude", "kind"}) here.run(say(mine, text));
  there.run(take(theirs, 1, heard));
  EXPECT_THAT(heard, ElementsAre("kind"));
}

TEST_F(LibraryTopics, tell_who_joins_and_leaves) {
  connect();
  Topic mine = here.join("news");
  std::vector<std::pair<std::string, bool>> told;
  const Subscription watching = mine.on_peer(
      [&told](const std::string& peer, bool joined) { told.emplace_back(peer, joined); });
  {
    const Topic theirs = there.join("news");
    world.run_for(1s);
  }
  world.run_for(1s);
  EXPECT_THAT(told,
              ElementsAre(std::pair(there.peer_id(), true), std::pair(there.peer_id(), false)));
}

TEST_F(LibraryTopics, drop_the_oldest_of_what_nobody_takes) {
  connect();
  Topic mine = here.join("news");
  Topic theirs = there.join("news", {.max_unread_messages = 2});
  here.run(meet(mine));
  for (const char* text : {"one", "two", "three"}) here.run(say(mine, text));
  world.run_for(1s);
  EXPECT_EQ(theirs.missed(), 1U);
  there.run(take(theirs, 2, heard));
  EXPECT_THAT(heard, ElementsAre("two", "three"));
}

/// A thousand messages of 1,000 bytes a second, to a subscriber that takes none.
TEST_F(LibraryTopics, a_pause_costs_16_MB_at_most_and_says_what_was_missed) {
  constexpr std::size_t kMessages = 12'000;
  connect();
  Topic mine = here.join("firehose", {.signatures = false});
  Topic theirs = there.join("firehose", {.signatures = false});
  here.run(meet(mine));
  for (std::size_t i = 0; i < kMessages; ++i) {
    here.run(say(mine, std::to_string(i) + std::string(990, ' ')));
    world.run_for(1ms);
  }
  world.run_for(10s);  // until nobody keeps them for others
  const std::uint64_t missed = theirs.missed();
  EXPECT_GT(missed, 0U);
  const std::size_t during = mallinfo2().uordblks;
  there.run([](Topic& topic, std::size_t count) -> Async<void> {
    for (std::size_t i = 0; i < count; ++i) {
      const auto message = co_await topic.next();
      EXPECT_TRUE(text_of(message->data).starts_with(std::to_string(kMessages - count + i) + " "));
    }
  }(theirs, kMessages - missed));
  EXPECT_EQ(theirs.missed(), missed);
  const std::size_t after = mallinfo2().uordblks;
  EXPECT_LT(during - after, 16'000'000U);
}

TEST_F(LibraryTopics, end_with_the_node_and_with_the_handle) {
  Topic mine = here.join("news");
  Job job = here.spawn(take(mine, 1, heard));
  world.run_for(1s);
  here.stop();
  EXPECT_THROW(job.wait(), Cancelled);
  EXPECT_THROW((void)mine.missed(), Error);
  EXPECT_THAT(heard, IsEmpty());
  Topic theirs = there.join("news");
  {
    const Topic gone = std::move(theirs);
  }
  world.run_for(1s);
}

TEST_F(LibraryTopics, refuse_names_and_messages_beyond_the_limit) {
  EXPECT_THROW((void)here.join(""), Error);
  EXPECT_THROW((void)here.join(std::string(Topic::kMaxNameBytes + 1, 'x')), Error);
  Topic mine = here.join(std::string(Topic::kMaxNameBytes, 'x'));
  const std::string most(Topic::kMaxMessageBytes, 'x');
  EXPECT_EQ(failure(say(mine, most)), std::nullopt);
  EXPECT_EQ(failure(say(mine, most + 'x')), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal::testing
