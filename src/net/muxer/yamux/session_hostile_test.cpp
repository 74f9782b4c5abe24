#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/muxer/yamux/session_pair.h"

// Peers that mean harm, or cannot count. The ids are rows of the table of hostile inputs.

namespace shoal::yamux::testing {
namespace {

using Kind = Event::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The peer is told why, the session is over, and nothing about it stands in the way.
void expect_ended(End& end, const Bytes& input, ErrorCode code = ErrorCode::malformed) {
  try {
    end.feed(input);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
  }
  const auto frames = end.frames();
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.back(), (FrameHeader{FrameType::go_away, 0, 0, 1}));
  EXPECT_THROW(end.feed(input), Error);
  EXPECT_THROW(end.session.open(kStart), Error);
}

/// To which the peer has opened stream 1, that nobody reads.
struct ServerWithStream : End {
  ServerWithStream() : End(Role::server) {
    consume = false;
    feed(update(kSyn, 1, 0));
  }
};

TEST(YamuxHostile, C1_refuses_a_first_frame_beyond_the_window_before_making_a_stream) {
  End good(Role::server);
  good.consume = false;
  good.feed(data(kSyn, 1, Bytes(kInitialWindow)));
  EXPECT_EQ(good.received[1].size(), kInitialWindow);

  End server(Role::server);
  expect_ended(server, frame(FrameType::data, kSyn, 1, kInitialWindow + 1));
  EXPECT_EQ(server.session.counts().streams, 0U);
}

TEST(YamuxHostile, ends_on_a_frame_beyond_what_is_left_of_the_window) {
  ServerWithStream server;
  server.feed(data(0, 1, Bytes(kInitialWindow - 10)));
  server.feed(data(0, 1, Bytes(10)));
  expect_ended(server, frame(FrameType::data, 0, 1, 1));
}

TEST(YamuxHostile, does_not_count_credit_for_bytes_that_are_announced_but_not_read) {
  ServerWithStream server;
  server.feed(frame(FrameType::data, 0, 1, kInitialWindow));
  server.session.consumed(1, 0, kStart);
  EXPECT_THAT(server.frames(), ElementsAre(FrameHeader{FrameType::window_update, kAck, 1, 0}));
}

TEST(YamuxHostile, C2_ends_on_credit_beyond_32_bits) {
  constexpr std::uint32_t kMost = 0xffffffff - kInitialWindow;
  ServerWithStream good;
  good.feed(update(0, 1, kMost));
  EXPECT_EQ(good.session.sendable(1), kMaxPayload);
  expect_ended(good, update(0, 1, 1));

  ServerWithStream server;
  expect_ended(server, update(0, 1, 0xffff0000));
}

TEST(YamuxHostile, C2_ends_on_first_credit_beyond_32_bits_before_making_a_stream) {
  constexpr std::uint32_t kMost = 0xffffffff - kInitialWindow;
  End server(Role::server);
  server.feed(update(kSyn, 1, kMost));
  expect_ended(server, update(kSyn, 3, kMost + 1));
  EXPECT_EQ(server.session.counts().streams, 1U);
}

TEST(YamuxHostile, C6_resets_streams_beyond_the_accept_backlog) {
  End server(Role::server);
  StreamId id = 1;
  for (int i = 0; i < 256; ++i, id += 2) server.feed(update(kSyn, id, 0));
  EXPECT_FALSE(server.session.has_control());
  EXPECT_THAT(server.feed(data(kSyn, id, as_bytes("payload to drain"))), IsEmpty());
  EXPECT_THAT(server.frames(), ElementsAre(FrameHeader{FrameType::window_update, kRst, id, 0}));
  EXPECT_EQ(server.session.counts().streams, 256U);
  server.session.accept(1);
  EXPECT_EQ(server.feed(update(kSyn, id + 2, 0)).size(), 1U);
}

TEST(YamuxHostile, C5_resets_streams_beyond_the_inbound_limit_until_one_has_ended) {
  End server(Role::server);
  StreamId id = 1;
  const std::size_t most = SessionConfig{}.max_inbound_streams;
  for (std::size_t i = 0; i < most; ++i, id += 2) {
    EXPECT_EQ(server.feed(update(kSyn, id, 0)).size(), 1U);
    server.session.accept(id);
  }
  EXPECT_THAT(server.feed(update(kSyn, id, 0)), IsEmpty());
  EXPECT_THAT(server.frames(), ElementsAre(FrameHeader{FrameType::window_update, kRst, id, 0}));
  server.feed(update(kRst, 1, 0));
  EXPECT_EQ(server.session.counts().inbound, most - 1);
  EXPECT_EQ(server.feed(update(kSyn, id + 2, 0)).size(), 1U);
}

// All initial windows together are more than a connection may hold
TEST(YamuxHostile, C5_resets_the_stream_whose_bytes_exceed_the_receive_budget) {
  SessionConfig config;
  config.receive_budget = 2 * kInitialWindow;
  End server(Role::server, config);
  server.consume = false;
  server.feed(data(kSyn, 1, Bytes(kInitialWindow)));
  server.feed(data(kSyn, 3, Bytes(kInitialWindow)));
  server.feed(update(kSyn, 5, 0));
  const auto events = server.feed(data(0, 5, Bytes(1)));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Kind::dropped);
  EXPECT_THAT(server.frames(), ElementsAre(FrameHeader{FrameType::window_update, kRst, 5, 0}));
  EXPECT_THAT(server.feed(data(kSyn, 7, Bytes(1))), IsEmpty());
  EXPECT_EQ(server.session.counts().unread_bytes, config.receive_budget);
  server.session.consumed(1, 1, kStart);
  EXPECT_EQ(server.feed(data(kSyn, 9, Bytes(1))).size(), 1U);
}

TEST(YamuxHostile, C5_gives_memory_back_when_streams_are_reset) {
  End server(Role::server);
  server.consume = false;
  for (StreamId id = 1; id < 20'000; id += 2) {
    server.now += 20ms;
    server.feed(data(kSyn, id, Bytes(1000)));
    server.feed(update(kRst, id, 0));
  }
  const SessionCounts counts = server.session.counts();
  EXPECT_EQ(counts.streams + counts.inbound + counts.unaccepted, 0U);
  EXPECT_EQ(counts.unread_bytes + counts.grown_bytes + counts.control_bytes, 0U);
}

TEST(YamuxHostile, C6_answers_at_most_32_pings_at_a_time) {
  End server(Role::server);
  for (std::uint32_t i = 0; i < 33; ++i) server.feed(frame(FrameType::ping, kSyn, 0, i));
  const auto frames = server.frames();
  ASSERT_EQ(frames.size(), 32U);
  EXPECT_EQ(frames.back(), (FrameHeader{FrameType::ping, kAck, 0, 31}));
  server.feed(frame(FrameType::ping, kSyn, 0, 40));
  EXPECT_EQ(server.frames().size(), 1U);
}

TEST(YamuxHostile, C6_ends_when_the_peer_makes_us_answer_and_never_reads) {
  SessionConfig config;
  config.accept_backlog = 0;
  End server(Role::server, config);
  StreamId id = 1;
  for (; server.session.counts().control_bytes <= kMaxControlBytes; id += 2) {
    server.now += 20ms;
    server.feed(update(kSyn, id, 0));
  }
  EXPECT_LE(server.session.counts().control_bytes, kMaxControlBytes + kHeaderBytes);
  expect_ended(server, update(kSyn, id, 0), ErrorCode::limit);
}

TEST(YamuxHostile, C8_clamps_a_reader_that_claims_more_than_was_delivered) {
  ServerWithStream server;
  server.feed(data(0, 1, Bytes(100)));
  server.session.consumed(1, 1'000'000, kStart);
  EXPECT_EQ(server.session.counts().unread_bytes, 0U);
  server.frames();
  server.feed(data(0, 1, Bytes(kInitialWindow - 100)));
  expect_ended(server, frame(FrameType::data, 0, 1, 1));
}

TEST(YamuxHostile, ends_on_a_stream_opened_twice) {
  ServerWithStream server;
  expect_ended(server, update(kSyn, 1, 0));
}

TEST(YamuxHostile, ends_on_a_stream_opened_with_an_id_of_ours) {
  End server(Role::server), client(Role::client);
  expect_ended(server, update(kSyn, 2, 0));
  expect_ended(client, update(kSyn, 1, 0));
}

TEST(YamuxHostile, ends_on_frames_for_streams_that_were_never_opened) {
  End ahead(Role::server), ours(Role::server), unsent(Role::server), none(Role::server);
  expect_ended(ahead, data(0, 1, as_bytes("x")));
  expect_ended(ours, update(0, 2, 1));
  expect_ended(unsent, update(kAck, unsent.session.open(kStart), 0));
  expect_ended(none, data(kSyn, 0, {}));
}

TEST(YamuxHostile, lets_a_farewell_to_a_stream_pass_that_was_never_opened) {
  End server(Role::server);
  EXPECT_THAT(server.feed(data(kRst, 1, {})), IsEmpty());
  EXPECT_THAT(server.feed(data(kFin, 3, {})), IsEmpty());
  EXPECT_THAT(server.feed(update(kRst, 5, 77)), IsEmpty());
  EXPECT_EQ(server.session.counts().streams, 0U);
  // Its payload must not end up in a stream that is opened before the frame is complete.
  expect_ended(server, frame(FrameType::data, kRst, 2, 100));
}

TEST(YamuxHostile, takes_opens_out_of_order) {
  End server(Role::server);
  EXPECT_EQ(server.feed(update(kSyn, 5, 0)).size(), 1U);
  EXPECT_EQ(server.feed(update(kSyn, 1, 0)).size(), 1U);
}

TEST(YamuxHostile, drains_no_more_than_a_window_for_a_stream_that_is_gone) {
  ServerWithStream server;
  server.session.reset(1);
  server.frames();
  server.feed(data(0, 1, Bytes(1000)));
  expect_ended(server, frame(FrameType::data, 0, 1, 16 * 1024 * 1024 + 1));
}

TEST(YamuxHostile, drains_no_more_than_the_window_with_a_reset) {
  ServerWithStream good, bad;
  EXPECT_EQ(good.feed(data(kRst, 1, Bytes(kInitialWindow))).size(), 1U);
  EXPECT_EQ(good.feed(update(kSyn, 3, 0)).size(), 1U);
  expect_ended(bad, frame(FrameType::data, kRst, 1, kInitialWindow + 1));
}

TEST(YamuxHostile, ignores_data_after_the_end_of_a_stream) {
  ServerWithStream server;
  server.feed(data(kFin, 1, as_bytes("end")));
  EXPECT_THAT(server.feed(data(kFin, 1, as_bytes("more"))), IsEmpty());
  EXPECT_EQ(as_text(server.received[1]), "end");
  EXPECT_EQ(server.session.counts().unread_bytes, 3U);
}

TEST(YamuxHostile, ends_on_bad_pings_and_go_aways) {
  End a(Role::server), b(Role::server), c(Role::server), d(Role::server);
  expect_ended(a, frame(FrameType::ping, 0, 0, 1));
  expect_ended(b, frame(FrameType::ping, kSyn | kAck, 0, 1));
  expect_ended(c, frame(FrameType::ping, kSyn, 1, 1));
  expect_ended(d, frame(FrameType::go_away, 0, 1, 0));
}

TEST(YamuxHostile, ends_on_headers_it_does_not_understand) {
  End version(Role::server), type(Role::server), flags(Role::server);
  expect_ended(version, from_hex("010000000000000100000000"), ErrorCode::unsupported);
  expect_ended(type, from_hex("000400000000000100000000"));
  expect_ended(flags, from_hex("000000110000000100000000"));
}

TEST(YamuxHostile, says_protocol_error_even_after_a_polite_go_away) {
  End server(Role::server);
  server.session.go_away(GoAwayCode::normal);
  expect_ended(server, from_hex("000400000000000100000000"));
}

TEST(YamuxHostile, C5_reads_more_slowly_from_who_opens_streams_in_a_flood) {
  End server(Role::server);
  StreamId id = 1;
  const auto open = [&] {
    server.feed(update(kSyn, id, 0));
    server.feed(update(kRst, id, 0));
    id += 2;
  };
  for (int i = 0; i < static_cast<int>(FrameBudget::kBurstOpens); ++i) open();
  EXPECT_EQ(server.session.owed_pause(server.now), 0s);
  for (int i = 0; i < static_cast<int>(FrameBudget::kOpensPerSecond); ++i) open();
  EXPECT_GE(server.session.owed_pause(server.now), 1s);
  EXPECT_EQ(server.session.owed_pause(server.now + 1001ms), 0s);
}

TEST(YamuxHostile, C5_streams_that_were_of_use_cost_no_pause) {
  End server(Role::server);
  StreamId id = 1;
  for (int i = 0; i < 4 * static_cast<int>(FrameBudget::kBurstOpens); ++i, id += 2) {
    server.feed(update(kSyn, id, 0));
    server.feed(update(kRst, id, 0));
    server.session.forgive_open();
  }
  EXPECT_EQ(server.session.owed_pause(server.now), 0s);
}

TEST(YamuxHostile, C6_reads_more_slowly_from_who_floods_with_frames_that_carry_nothing) {
  ServerWithStream server;
  const Bytes ping = frame(FrameType::ping, kSyn, 0, 1);
  for (int i = 1; i < static_cast<int>(FrameBudget::kBurstFrames); ++i) {
    server.feed(ping);
    server.frames();
  }
  EXPECT_EQ(server.session.owed_pause(server.now), 0s);
  for (int i = 0; i < static_cast<int>(FrameBudget::kFramesPerSecond); ++i) {
    server.feed(ping);
    server.frames();
  }
  EXPECT_GE(server.session.owed_pause(server.now), 990ms);
  EXPECT_EQ(server.session.owed_pause(server.now + 1001ms), 0s);
}

TEST(YamuxHostile, C6_content_pays_for_its_frames_both_ways) {
  End server(Role::server);
  server.feed(update(kSyn, 1, 0));
  server.feed(update(0, 1, 1'000'000'000));
  const Bytes kilobyte(1024);
  Bytes out;
  for (int i = 0; i < 2 * static_cast<int>(FrameBudget::kBurstFrames); ++i) {
    server.feed(data(0, 1, kilobyte));
    server.session.begin_data(1, 16 * 1024, out, server.now);
    server.feed(update(0, 1, 16 * 1024));
    out.clear();
  }
  EXPECT_EQ(server.session.owed_pause(server.now), 0s);
}

TEST(YamuxHostile, C10_short_streams_leave_nothing_behind) {
  End server(Role::server);
  for (StreamId id = 1; id < 20'000; id += 2) {
    server.now += 20ms;
    server.feed(data(kSyn | kFin, id, as_bytes("brief")));
    server.session.accept(id);
    server.session.finish(id);
    server.frames();
  }
  const SessionCounts counts = server.session.counts();
  EXPECT_EQ(counts.streams + counts.inbound + counts.unaccepted + counts.lingering, 0U);
  EXPECT_EQ(counts.unread_bytes + counts.grown_bytes + counts.control_bytes, 0U);
}

}  // namespace
}  // namespace shoal::yamux::testing
