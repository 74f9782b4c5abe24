#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "format/peer_id.h"
#include "net/swarm_testing.h"
#include "service/chat_message.h"
#include "service/chat_room.h"
#include "service/chat_state.h"
#include "system/sim/random.h"

namespace shoal::service {
namespace {

using Kind = ChatEvent::Kind;
using ::testing::ElementsAre;

PeerId chatter(std::uint8_t seed) {
  return PeerId::from_public_key(net::testing::key_of(seed).public_key());
}

ChatMessage here(std::string name, std::uint64_t period_ms = 4000) {
  ChatMessage out;
  out.name = std::move(name);
  out.period_ms = period_ms;
  return out;
}

ChatMessage say(std::string text, std::uint64_t time_ms = 1) {
  ChatMessage out = here("ann");
  out.kind = ChatMessage::Kind::say;
  out.text = std::move(text);
  out.time_ms = time_ms;
  return out;
}

TEST(ChatMessage, reads_what_it_wrote_up_to_its_limits) {
  ChatMessage message = say(std::string(ChatMessage::kMaxTextBytes, 'x'), 1'700'000'000'000);
  message.name = std::string(ChatMessage::kMaxNameBytes, 'n');
  EXPECT_EQ(ChatMessage::decode(message.encode()), message);
  EXPECT_LE(message.encode().size(), ChatMessage::kMaxBytes);
  message.text += 'x';
  EXPECT_THROW(ChatMessage::decode(message.encode()), Error);
  message = here(std::string(ChatMessage::kMaxNameBytes + 1, 'n'));
  EXPECT_THROW(ChatMessage::decode(message.encode()), Error);
  EXPECT_THROW(ChatMessage::decode(as_bytes("\x08\x04")), Error) << "an unknown kind";
  EXPECT_THROW(ChatMessage::decode({}), Error);
}

TEST(ChatRoom, links_lead_to_the_same_room) {
  sim::SeededRandom random(1, 1);
  const ChatRoom open = ChatRoom::open_to_all("our family #1");
  EXPECT_EQ(open.link(), "shoal://chat/our%20family%20%231");
  EXPECT_EQ(ChatRoom::parse(open.link()).topic(), open.topic());
  EXPECT_EQ(ChatRoom::parse("our family #1").topic(), open.topic());
  const ChatRoom secret = ChatRoom::private_room("our family #1", random);
  const ChatRoom same = ChatRoom::parse(secret.link());
  EXPECT_TRUE(same.is_private());
  EXPECT_EQ(same.topic(), secret.topic());
  EXPECT_EQ(same.name(), "our family #1");
  EXPECT_EQ(secret.topic().find("family"), std::string::npos);
}

TEST(ChatRoom, refuses_damaged_links) {
  for (const char* text : {"", "shoal://chat/", "shoal://chat/a%2", "shoal://chat/a%zz",
                           "shoal://chat/a#", "shoal://chat/a#AAEC", "shoal://chat/a#!!!!"}) {
    EXPECT_THROW(ChatRoom::parse(text), Error) << text;
  }
  EXPECT_NO_THROW(ChatRoom::parse(std::string(ChatRoom::kMaxNameBytes, 'x')));
  EXPECT_THROW(ChatRoom::parse(std::string(ChatRoom::kMaxNameBytes + 1, 'x')), Error);
}

TEST(ChatRoom, opens_only_what_was_sealed_by_this_author_with_this_key) {
  sim::SeededRandom random(1, 1);
  const ChatRoom room = ChatRoom::private_room("a", random);
  const ChatRoom other = ChatRoom::private_room("a", random);
  const Bytes sealed = room.seal(chatter(1), as_bytes("hello"), random);
  EXPECT_EQ(sealed.size(), 5 + ChatRoom::kSealBytes);
  EXPECT_EQ(as_text(*room.open(chatter(1), sealed)), "hello");
  EXPECT_NE(room.seal(chatter(1), as_bytes("hello"), random), sealed);
  EXPECT_FALSE(room.open(chatter(2), sealed)) << "signed by another who copied it";
  EXPECT_FALSE(other.open(chatter(1), sealed));
  EXPECT_FALSE(room.open(chatter(1), ByteView(sealed).first(ChatRoom::kSealBytes - 1)));
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    Bytes damaged = sealed;
    damaged[at] ^= 1;
    EXPECT_FALSE(room.open(chatter(1), damaged)) << at;
  }
}

struct ChatStates : ::testing::Test {
  void hear(std::uint8_t who, const ChatMessage& message, bool old = false) {
    const std::string id = std::to_string(++ids);
    state.hear(chatter(who), id, message, SharedBytes(message.encode()), old, 1'000'000, now);
  }
  std::vector<Kind> events() {
    std::vector<Kind> out;
    while (auto event = state.next_event()) out.push_back(event->kind);
    return out;
  }

  ChatState state;
  TimePoint now{1h};
  int ids = 0;
};

TEST_F(ChatStates, tells_who_comes_is_renamed_and_goes) {
  hear(1, here("ann"));
  hear(1, here("ann"));
  hear(1, here("anne"));
  ChatMessage bye;
  bye.kind = ChatMessage::Kind::bye;
  hear(1, bye);
  hear(1, bye);
  EXPECT_THAT(events(), ElementsAre(Kind::joined, Kind::renamed, Kind::left));
}

TEST_F(ChatStates, a_silent_member_leaves_within_15s) {
  hear(1, here("ann"));
  now += 11s;
  state.tick(now);
  EXPECT_THAT(events(), ElementsAre(Kind::joined));
  now += 1s;
  state.tick(now);
  EXPECT_THAT(events(), ElementsAre(Kind::left));
}

TEST_F(ChatStates, a_lost_connection_shortens_the_wait) {
  hear(1, here("ann", 300'000));
  state.lost(chatter(1), now);
  now += ChatState::kGrace;
  state.tick(now);
  EXPECT_THAT(events(), ElementsAre(Kind::joined, Kind::left));
}

TEST_F(ChatStates, a_period_of_any_size_is_bounded) {
  hear(1, here("ann", ~std::uint64_t{0}));
  hear(2, here("ben", 0));
  now += ChatState::kPatience * ChatState::kLongestPeriod;
  state.tick(now);
  EXPECT_THAT(events(), ElementsAre(Kind::joined, Kind::joined, Kind::left, Kind::left));
}

TEST_F(ChatStates, keeps_the_last_50_in_order_of_time_and_says_each_once) {
  for (std::uint64_t i = 100; i > 0; --i) hear(1, say("x", i), true);
  ASSERT_EQ(state.history().size(), ChatState::kHistory);
  EXPECT_EQ(state.history().front().order_ms, 51U);
  EXPECT_EQ(state.history().back().order_ms, 100U);
  EXPECT_EQ(events().size(), ChatState::kHistory) << "older ones are not told";
  ids = 0;
  hear(1, say("x", 100));
  EXPECT_THAT(events(), ElementsAre(Kind::joined)) << "that one was heard before";
}

TEST_F(ChatStates, a_clock_ahead_does_not_own_the_history) {
  hear(1, say("from the future", ~std::uint64_t{0}));
  EXPECT_EQ(state.history().back().order_ms, 1'000'000U);
}

TEST_F(ChatStates, bounds_members_and_events) {
  for (std::size_t i = 0; i < ChatState::kMaxEvents + 10; ++i) hear(1, say("x"));
  const auto first = state.next_event();
  EXPECT_EQ(first->kind, Kind::missed);
  EXPECT_EQ(first->count, 11U) << "the join as well";
  EXPECT_EQ(events().size(), ChatState::kMaxEvents);
  const std::string large(ChatMessage::kMaxTextBytes, 'x');
  for (std::size_t i = 0; i < 300; ++i) hear(1, say(large));
  EXPECT_EQ(state.next_event()->kind, Kind::missed);
  EXPECT_LE(events().size(), ChatState::kMaxEventBytes / ChatMessage::kMaxTextBytes);
}

TEST_F(ChatStates, says_here_less_often_among_many) {
  EXPECT_EQ(state.period(), ChatState::kShortestPeriod);
  for (unsigned i = 0; i < 200; ++i) hear(static_cast<std::uint8_t>(i), here("x"));
  EXPECT_GT(state.period(), 15s);
}

}  // namespace
}  // namespace shoal::service
