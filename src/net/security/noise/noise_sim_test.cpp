#include "net/security/noise/noise.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "net/security/noise/transport.h"
#include "net/security/security_testing.h"

namespace shoal::net {
namespace {

using testing::Corrupting;
using testing::Ending;
using testing::failure_of;
using testing::id_of;
using testing::key_of;
using testing::pattern_bytes;
using testing::read_to_end;

const std::vector<std::string> kMuxers = {"/yamux/1.0.0"};

std::shared_ptr<const noise::StaticKey> static_key_of(const crypto::PrivateKey& identity) {
  return noise::StaticKey::make(identity, Bytes(32, 7));
}

class NoisePair : public testing::SecurityTest {
 protected:
  void shake_hands(const PeerId& expected, std::vector<std::string> client_muxers = kMuxers) {
    run_both(secure_with_noise(one.system(), static_key_of(client_key), std::move(client_stream),
                               Direction::outbound, expected, client_muxers),
             secure_as_server());
  }

  Task<Secured> secure_as_server() {
    return secure_with_noise(other.system(), static_key_of(server_key), std::move(server_stream),
                             Direction::inbound, std::nullopt, kMuxers);
  }
};

TEST_F(NoisePair, proves_who_both_are_and_agrees_on_a_muxer) {
  const TimePoint begin = world.now();
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->peer, id_of(server_key));
  EXPECT_EQ(server->peer, id_of(client_key));
  EXPECT_EQ(client->muxer, kMuxers.front());
  EXPECT_EQ(server->muxer, kMuxers.front());
  EXPECT_EQ(world.now() - begin, 150ms);
}

TEST_F(NoisePair, leaves_the_muxer_open_when_one_side_names_none) {
  shake_hands(id_of(server_key), {});
  ASSERT_TRUE(client && server);
  EXPECT_EQ(client->muxer, "");
  EXPECT_EQ(server->muxer, "");
}

TEST_F(NoisePair, refuses_another_peer_than_the_expected_one) {
  shake_hands(id_of(key_of(9)));
  ASSERT_TRUE(client_failure && server_failure);
  EXPECT_EQ(client_failure->code(), ErrorCode::refused);
  EXPECT_EQ(server_failure->code(), ErrorCode::closed);
}

TEST_F(NoisePair, a_changed_byte_in_a_handshake_ends_it) {
  client_stream = std::make_unique<Corrupting>(std::move(client_stream), 60);
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client_failure && server_failure);
  EXPECT_EQ(client_failure->code(), ErrorCode::malformed);
}

TEST_F(NoisePair, a_changed_byte_in_the_data_ends_the_connection) {
  server_stream = std::make_unique<Corrupting>(std::move(server_stream), 5000);
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  world.run(write_all(*client->stream, pattern_bytes(10'000)));
  world.run(client->stream->close_write());
  const auto failure = world.run(failure_of(read_to_end(*server->stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::malformed);
}

TEST_F(NoisePair, carries_megabytes_in_pieces_of_any_size) {
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  const Bytes sent = pattern_bytes(3'000'001);
  EXPECT_EQ(carry(sent), sent);
}

TEST_F(NoisePair, an_end_within_a_frame_is_not_taken_for_the_end) {
  server_stream = std::make_unique<Ending>(std::move(server_stream), 5000);
  shake_hands(id_of(server_key));
  ASSERT_TRUE(client && server);
  world.run(write_all(*client->stream, pattern_bytes(10'000)));
  const auto failure = world.run(failure_of(read_to_end(*server->stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::closed);
}

/// Shakes hands by hand, then sends frames of so many bytes each.
Task<void> send_frames(std::shared_ptr<const noise::StaticKey> key, Stream& stream,
                       std::size_t count, std::size_t bytes) {
  noise::Handshake handshake({.role = noise::Role::initiator,
                              .static_key = std::move(key),
                              .ephemeral_secret = {1},
                              .expected_peer = {},
                              .muxers = {}});
  const Bytes first = handshake.write_message();
  co_await write_all(stream, first);
  std::array<std::uint8_t, noise::Handshake::kLengthBytes> length{};
  co_await read_exactly(stream, length);
  Bytes answer(noise::Handshake::message_bytes(length));
  co_await read_exactly(stream, answer);
  handshake.read_message(answer);
  const Bytes last = handshake.write_message();
  co_await write_all(stream, last);
  noise::HandshakeResult result = handshake.take_result();
  const Bytes content(bytes, 'x');
  for (std::size_t i = 0; i < count; ++i) {
    Bytes frame(noise::kLengthBytes + bytes + noise::kTagBytes);
    const std::size_t body = bytes + noise::kTagBytes;
    frame[0] = static_cast<std::uint8_t>(body >> 8);
    frame[1] = static_cast<std::uint8_t>(body);
    const ByteView piece = content;
    result.send.seal({}, {&piece, 1}, MutableBytes(frame).subspan(noise::kLengthBytes));
    co_await write_all(stream, frame);
  }
}

class NoiseFrames : public NoisePair {
 protected:
  void send(std::size_t count, std::size_t bytes) {
    TaskGroup work(world.waits(), "handshakes");
    work.spawn(send_frames(static_key_of(client_key), *client_stream, count, bytes));
    work.spawn(testing::keep_secured(secure_as_server(), server, server_failure));
    world.run(work.join());
    ASSERT_TRUE(server);
    world.run(client_stream->close_write());
  }
};

TEST_F(NoiseFrames, C6_takes_32_empty_frames_in_a_row_and_no_more) {
  send(32, 0);
  EXPECT_EQ(world.run(read_to_end(*server->stream)), Bytes{});
}

TEST_F(NoiseFrames, C6_ends_the_connection_at_the_33rd_empty_frame) {
  send(33, 0);
  const auto failure = world.run(failure_of(read_to_end(*server->stream)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::limit);
}

TEST_F(NoiseFrames, C6_each_frame_costs_beside_its_content) {
  send(100, 1);
  EXPECT_EQ(world.run(read_to_end(*server->stream)), Bytes(100, 'x'));
  EXPECT_GE(server->stream->take_overhead_bytes(), 100U * (noise::kLengthBytes + noise::kTagBytes));
  EXPECT_EQ(server->stream->take_overhead_bytes(), 0U);
}

}  // namespace
}  // namespace shoal::net
