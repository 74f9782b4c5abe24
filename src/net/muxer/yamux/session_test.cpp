#include "net/muxer/yamux/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/muxer/yamux/session_pair.h"

namespace shoal::yamux::testing {
namespace {

using Kind = Event::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Kind> kinds(const std::vector<Event>& events) {
  std::vector<Kind> out;
  for (const Event& event : events) out.push_back(event.kind);
  return out;
}

FrameHeader header(FrameType type, unsigned flags, StreamId stream, std::uint32_t length) {
  return {type, static_cast<std::uint16_t>(flags), stream, length};
}

Bytes send_text(End& end, StreamId stream, std::string_view text) {
  ByteView payload = as_bytes(text);
  return end.send(stream, payload);
}

TEST(Yamux, opens_with_the_first_data_and_is_acknowledged_by_the_first_answer) {
  End client(Role::client), server(Role::server);
  const StreamId id = client.session.open(kStart);
  EXPECT_EQ(id, 1U);
  EXPECT_FALSE(client.session.has_control());

  server.consume = false;
  const Bytes hello = send_text(client, id, "hello");
  EXPECT_EQ(hello, data(kSyn, 1, as_bytes("hello")));
  EXPECT_THAT(kinds(server.feed(hello)), ElementsAre(Kind::opened));
  EXPECT_EQ(as_text(server.received[1]), "hello");
  server.session.accept(1);
  EXPECT_FALSE(server.session.has_control());

  const Bytes answer = send_text(server, 1, "world");
  EXPECT_EQ(answer, data(kAck, 1, as_bytes("world")));
  EXPECT_THAT(kinds(client.feed(answer)), ElementsAre(Kind::acknowledged));
  EXPECT_EQ(as_text(client.received[1]), "world");
  EXPECT_EQ(client.session.counts().unacknowledged, 0U);
}

TEST(Yamux, announces_a_stream_that_waits_to_be_written_to) {
  End client(Role::client), server(Role::server);
  const StreamId id = server.session.open(kStart);
  EXPECT_EQ(id, 2U);
  server.session.announce(id);
  server.session.announce(id);
  EXPECT_THAT(kinds(client.feed(server.control())), ElementsAre(Kind::opened));
  client.session.accept(id);
  client.session.announce(id);
  EXPECT_THAT(client.frames(), ElementsAre(header(FrameType::window_update, kAck, 2, 0)));
}

TEST(Yamux, acknowledges_with_the_first_consumed_bytes_at_the_latest) {
  End server(Role::server);
  server.feed(data(kSyn, 1, as_bytes("x")));
  EXPECT_THAT(server.frames(), ElementsAre(header(FrameType::window_update, kAck, 1, 0)));
}

TEST(Yamux, understands_the_acknowledgement_of_go_and_that_of_rust) {
  End client(Role::client);
  for (const StreamId id : {1U, 3U}) {
    EXPECT_EQ(client.session.open(kStart), id);
    send_text(client, id, "hi");
  }
  EXPECT_THAT(kinds(client.feed(update(kAck, 1, 0))), ElementsAre(Kind::acknowledged));
  EXPECT_THAT(kinds(client.feed(data(kAck, 3, as_bytes("yes")))), ElementsAre(Kind::acknowledged));
}

TEST(Yamux, ends_a_stream_when_both_sides_finished_and_everything_is_read) {
  End client(Role::client), server(Role::server);
  server.consume = false;
  const StreamId id = client.session.open(kStart);
  server.feed(send_text(client, id, "question"));
  client.session.finish(id);
  EXPECT_EQ(client.session.sendable(id), 0U);
  EXPECT_THAT(kinds(server.feed(client.control())), ElementsAre(Kind::finished));

  const Bytes answer = send_text(server, id, "answer");
  EXPECT_THAT(kinds(client.feed(answer)), ElementsAre(Kind::acknowledged));
  server.session.finish(id);
  EXPECT_EQ(server.session.counts().streams, 1U);  // 8 bytes are unread
  server.session.consumed(id, 8, kStart);
  EXPECT_EQ(server.session.counts().streams, 0U);

  EXPECT_THAT(kinds(client.feed(server.control())), ElementsAre(Kind::finished));
  EXPECT_EQ(client.session.counts().streams, 0U);
}

TEST(Yamux, finishes_a_stream_that_carried_nothing) {
  End client(Role::client), server(Role::server);
  client.session.finish(client.session.open(kStart));
  EXPECT_THAT(kinds(server.feed(client.control())), ElementsAre(Kind::opened, Kind::finished));
}

TEST(Yamux, delivers_open_payload_and_end_of_one_frame_in_order) {
  End server(Role::server);
  const Bytes bytes = data(kSyn | kFin, 1, as_bytes("all"));
  ByteView input = bytes;
  EXPECT_EQ(server.session.receive(input, kStart)->kind, Kind::opened);
  EXPECT_EQ(as_text(server.session.receive(input, kStart)->data), "all");
  EXPECT_EQ(server.session.receive(input, kStart)->kind, Kind::finished);
  EXPECT_FALSE(server.session.receive(input, kStart));
}

TEST(Yamux, carries_a_reset_with_its_code) {
  End client(Role::client), server(Role::server);
  const StreamId id = client.session.open(kStart);
  server.feed(send_text(client, id, "x"));
  client.session.reset(id, 77);
  const auto events = server.feed(client.control());
  ASSERT_THAT(kinds(events), ElementsAre(Kind::reset));
  EXPECT_EQ(events[0].code, 77U);
  EXPECT_EQ(client.session.counts().streams + server.session.counts().streams, 0U);
}

TEST(Yamux, says_nothing_about_a_stream_reset_before_its_first_frame) {
  End client(Role::client);
  client.session.reset(client.session.open(kStart));
  EXPECT_FALSE(client.session.has_control());
  EXPECT_EQ(client.session.counts().unacknowledged, 0U);
}

TEST(Yamux, swallows_what_arrives_for_a_stream_it_has_reset) {
  End client(Role::client), server(Role::server);
  const StreamId id = client.session.open(kStart);
  server.feed(send_text(client, id, "x"));
  server.session.reset(id);
  Bytes late = send_text(client, id, "late");
  append(late, update(0, id, 1000));
  append(late, data(kFin, id, {}));
  EXPECT_THAT(server.feed(late), IsEmpty());
  EXPECT_EQ(as_text(server.received[id]), "x");
}

TEST(Yamux, answers_data_for_a_stream_it_is_done_with_by_a_reset) {
  End client(Role::client), server(Role::server);
  const StreamId id = client.session.open(kStart);
  server.feed(send_text(client, id, "x"));
  server.session.finish(id);
  server.session.stop_reading(id);
  EXPECT_EQ(server.session.counts().lingering, 1U);
  server.control();
  EXPECT_THAT(server.feed(send_text(client, id, "more")), IsEmpty());
  EXPECT_THAT(server.frames(), ElementsAre(header(FrameType::window_update, kRst, id, 0)));
  EXPECT_EQ(server.session.counts().streams, 0U);
  EXPECT_EQ(server.session.counts().lingering, 0U);
}

TEST(Yamux, keeps_a_bounded_number_of_streams_that_only_the_peer_has_to_finish) {
  End client(Role::client);
  for (std::size_t i = 0; i <= kMaxLingering; ++i) {
    const StreamId id = client.session.open(kStart);
    client.session.finish(id);
    client.control();
    client.feed(update(kAck, id, 0));
    client.session.stop_reading(id);
    if (i < kMaxLingering) EXPECT_EQ(client.session.counts().lingering, i + 1);
  }
  EXPECT_EQ(client.session.counts().streams, kMaxLingering);
  EXPECT_EQ(client.session.counts().lingering, kMaxLingering);
  EXPECT_THAT(client.frames(), ElementsAre(header(FrameType::window_update, kRst, 513, 0)));
  client.feed(update(kFin, 1, 0));
  EXPECT_EQ(client.session.counts().lingering, kMaxLingering - 1);
}

TEST(Yamux, sends_no_more_than_the_window_and_reports_new_credit) {
  End client(Role::client), server(Role::server);
  server.consume = false;
  const StreamId id = client.session.open(kStart);
  const Bytes big(kInitialWindow + 1, 7);
  ByteView payload = big;
  EXPECT_EQ(client.session.sendable(id), kMaxPayload);
  server.feed(client.send(id, payload));
  EXPECT_EQ(payload.size(), 1U);
  EXPECT_EQ(client.session.sendable(id), 0U);

  server.session.consumed(id, kInitialWindow / 2 - 1, kStart);
  EXPECT_THAT(server.frames(), ElementsAre(header(FrameType::window_update, kAck, id, 0)));
  server.session.consumed(id, 1, kStart);
  const auto events = client.feed(server.control());
  EXPECT_THAT(kinds(events), ElementsAre(Kind::acknowledged, Kind::writable));
  EXPECT_EQ(client.send(id, payload).size(), kHeaderBytes + 1);
}

TEST(Yamux, fills_one_noise_message_with_a_frame) {
  End client(Role::client);
  const Bytes big(kMaxPayload, 7);
  ByteView payload = big;
  EXPECT_EQ(client.send(client.session.open(kStart), payload).size(), 65535U - 16U);
}

TEST(Yamux, puts_waiting_control_frames_before_the_data) {
  End client(Role::client);
  const StreamId id = client.session.open(kStart);
  client.session.announce(id);
  Bytes expected = update(kSyn, id, 0);
  append(expected, data(0, id, as_bytes("x")));
  EXPECT_EQ(send_text(client, id, "x"), expected);
}

TEST(Yamux, waits_when_256_streams_are_unacknowledged) {
  End client(Role::client);
  for (std::size_t i = 0; i < kMaxUnacknowledged; ++i) {
    EXPECT_FALSE(client.session.open_backlog_full());
    client.session.announce(client.session.open(kStart));
  }
  EXPECT_TRUE(client.session.open_backlog_full());
  EXPECT_THROW(client.session.open(kStart), Error);
  client.feed(update(kAck, 1, 0));
  EXPECT_FALSE(client.session.open_backlog_full());
  client.session.open(kStart);
  client.feed(update(kRst, 3, 0));
  EXPECT_FALSE(client.session.open_backlog_full());
}

TEST(Yamux, opens_and_takes_no_stream_after_its_own_go_away) {
  End client(Role::client), server(Role::server);
  const StreamId id = client.session.open(kStart);
  server.feed(send_text(client, id, "x"));
  server.session.go_away(GoAwayCode::normal);
  EXPECT_THROW(server.session.open(kStart), Error);
  const StreamId late = client.session.open(kStart);
  EXPECT_THAT(server.feed(send_text(client, late, "late")), IsEmpty());
  const auto events = client.feed(server.control());
  EXPECT_THAT(kinds(events), ElementsAre(Kind::acknowledged, Kind::going_away, Kind::reset));
  EXPECT_EQ(events[1].code, 0U);
  EXPECT_THROW(client.session.open(kStart), Error);
  server.feed(send_text(client, id, "y"));
  EXPECT_EQ(as_text(server.received[id]), "xy");
}

TEST(Yamux, measures_the_round_trip_and_answers_pings) {
  End client(Role::client), server(Role::server);
  EXPECT_EQ(client.session.next_deadline(), kStart);
  client.session.on_time(client.now);
  client.now += 5ms;  // in the queue: not on the way yet
  const Bytes ping = client.control();
  client.now += 40ms;
  server.feed(ping);
  client.feed(server.control());
  EXPECT_EQ(client.session.rtt(), 40ms);
  EXPECT_EQ(client.session.next_deadline(), client.now + 30s);
}

TEST(Yamux, holds_a_peer_dead_that_is_silent_after_a_ping) {
  End client(Role::client);
  client.session.on_time(client.now);
  client.control();
  client.now += 15s;
  client.feed(update(kSyn, 2, 0));  // a sign of life
  EXPECT_EQ(client.session.next_deadline(), client.now + 20s);
  client.session.on_time(client.now + 20s - 1ns);
  EXPECT_THROW(client.session.on_time(client.now + 20s), Error);
  EXPECT_THROW(client.feed({}), Error);
}

TEST(Yamux, ignores_an_answer_to_no_ping) {
  End client(Role::client);
  client.feed(frame(FrameType::ping, kAck, 0, 1));
  client.session.on_time(client.now);
  client.control();
  client.feed(frame(FrameType::ping, kAck, 0, 99));
  EXPECT_FALSE(client.session.rtt());
}

TEST(Yamux, is_small_when_idle) {
  EXPECT_LE(sizeof(Session), 512U);
  End client(Role::client), server(Role::server);
  client.session.on_time(kStart);
  server.session.on_time(kStart);
  exchange(client, server);
  EXPECT_EQ(client.session.counts().streams, 0U);
  EXPECT_EQ(client.session.counts().control_bytes, 0U);
}

// Many streams in both directions, cut into pieces of any length, readers of any speed.
TEST(Yamux, delivers_every_byte_in_order_however_the_bytes_are_cut) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    End ends[2] = {End(Role::client), End(Role::server)};
    std::map<StreamId, Bytes> sent[2];
    std::map<StreamId, ByteView> left[2];
    std::map<StreamId, std::size_t> unread[2];
    std::size_t opened = 0;
    std::size_t finished = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      const StreamId id = ends[i % 2].session.open(kStart);
      for (int side : {0, 1}) {
        sent[side][id] = pattern(random() % 400'000, seed);
        left[side][id] = sent[side][id];
      }
    }
    for (int round = 0; round < 20'000 && finished < 32; ++round) {
      const std::size_t from = random() % 2;
      End& a = ends[from];
      End& b = ends[1 - from];
      Bytes wire;
      for (auto& [id, payload] : left[from]) {
        if (random() % 4 != 0) continue;
        if (payload.empty()) {
          a.session.finish(id);
        } else if (const auto can = std::min(payload.size(), a.session.sendable(id)); can > 0) {
          const std::size_t bytes = 1 + random() % can;
          a.session.begin_data(id, bytes, wire, kStart);
          append(wire, payload.first(bytes));
          payload = payload.subspan(bytes);
        }
      }
      a.session.take_control(wire, kStart);
      ByteView rest = wire;
      while (!rest.empty()) {
        ByteView piece = rest.first(std::min<std::size_t>(rest.size(), 1 + random() % 5000));
        rest = rest.subspan(piece.size());
        while (auto event = b.session.receive(piece, kStart)) {
          const StreamId id = event->stream;
          if (event->kind == Kind::data) {
            append(b.received[id], event->data);
            unread[1 - from][id] += event->data.size();
          }
          if (event->kind == Kind::opened) {
            b.session.accept(id);
            ++opened;
          }
          if (event->kind == Kind::finished) ++finished;
        }
      }
      for (auto& [id, bytes] : unread[1 - from]) {
        const std::size_t taken = random() % (bytes + 1);
        b.session.consumed(id, taken, kStart);
        bytes -= taken;
      }
    }
    EXPECT_EQ(opened, 16U);
    EXPECT_EQ(finished, 32U);
    for (int side : {0, 1}) {
      for (const auto& [id, bytes] : sent[side]) EXPECT_TRUE(ends[1 - side].received[id] == bytes);
      for (const auto& [id, bytes] : unread[side]) ends[side].session.consumed(id, bytes, kStart);
    }
    exchange(ends[0], ends[1]);
    for (const End& end : ends) {
      EXPECT_EQ(end.session.counts().streams, 0U);
      EXPECT_EQ(end.session.counts().unread_bytes, 0U);
    }
  }
}

}  // namespace
}  // namespace shoal::yamux::testing
