#include "protocol/perf/perf.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/swarm_testing.h"

namespace shoal::perf {
namespace {

using net::testing::failure_of;
using net::testing::read_to_end;
using net::testing::TestNet;
using net::testing::TestNode;

constexpr std::uint64_t kSomeBytes = 3'000'001;

/// A client that knows a server.
struct Pair {
  explicit Pair(net::testing::TestNodeOptions server_options = {})
      : client(net.add()), server(net.add(server_options)), perf(client.system, client.swarm) {
    client.knows(server);
  }

  TestNet net{25ms};
  TestNode& client;
  TestNode& server;
  Perf perf;
};

TEST(Perf, measures_both_directions) {
  Pair pair;
  serve(pair.server.system, pair.server.swarm);
  const Measurement up = pair.net.world.run(pair.perf.upload(pair.server.id, kSomeBytes));
  const Measurement down = pair.net.world.run(pair.perf.download(pair.server.id, kSomeBytes));
  EXPECT_EQ(up.bytes, kSomeBytes);
  EXPECT_EQ(down.bytes, kSomeBytes);
  EXPECT_GE(up.time, 100ms);
  EXPECT_GE(down.time, 100ms);
}

TEST(Perf, moves_nothing_in_one_round_trip) {
  Pair pair;
  serve(pair.server.system, pair.server.swarm);
  EXPECT_EQ(pair.net.world.run(pair.perf.download(pair.server.id, 0)).bytes, 0U);
  EXPECT_EQ(pair.net.world.run(pair.perf.upload(pair.server.id, 0)).time, 50ms);
}

TEST(Perf, server_keeps_to_its_upload_limit) {
  Pair pair({.up = 1'000'000});
  serve(pair.server.system, pair.server.swarm);
  const Measurement down = pair.net.world.run(pair.perf.download(pair.server.id, kSomeBytes));
  EXPECT_GE(down.time, 2800ms);
  EXPECT_LE(down.time, 3500ms);
}

/// Asks for as much as there is, and reads none of it.
std::unique_ptr<Stream> ask_for_all(Pair& pair) {
  net::ProtocolStream opened =
      pair.net.world.run(pair.client.swarm.open(pair.server.id, {kProtocol}));
  pair.net.world.run(write_all(*opened.stream, Bytes(8, 0xff)));
  pair.net.world.run(opened.stream->close_write());
  return std::move(opened.stream);
}

TEST(Perf, serves_two_streams_of_a_peer_and_resets_the_third) {
  Pair pair;
  serve(pair.server.system, pair.server.swarm);
  std::vector<std::unique_ptr<Stream>> open;
  for (std::size_t i = 0; i < kMaxStreamsPerPeer; ++i) open.push_back(ask_for_all(pair));
  pair.net.world.run_for(1s);
  auto failure = pair.net.world.run(failure_of(pair.perf.download(pair.server.id, 1)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::closed);
  open.back()->abort();
  pair.net.world.run_for(1s);
  EXPECT_EQ(pair.net.world.run(pair.perf.download(pair.server.id, 1)).bytes, 1U);
}

TEST(Perf, serves_eight_streams_of_all_peers) {
  Pair pair;
  serve(pair.server.system, pair.server.swarm);
  std::vector<std::unique_ptr<Stream>> open;
  for (std::size_t i = 0; i < kMaxStreams / kMaxStreamsPerPeer; ++i) {
    TestNode& other = pair.net.add();
    other.knows(pair.server);
    for (std::size_t k = 0; k < kMaxStreamsPerPeer; ++k) {
      net::ProtocolStream opened =
          pair.net.world.run(other.swarm.open(pair.server.id, {kProtocol}));
      pair.net.world.run(write_all(*opened.stream, Bytes(8, 0xff)));
      open.push_back(std::move(opened.stream));
    }
  }
  pair.net.world.run_for(1s);
  EXPECT_TRUE(pair.net.world.run(failure_of(pair.perf.download(pair.server.id, 1))).has_value());
  open.clear();
}

TEST(Perf, ends_a_stream_that_moves_nothing_for_30_seconds) {
  Pair pair;
  serve(pair.server.system, pair.server.swarm);
  const auto stream = ask_for_all(pair);
  pair.net.world.run_for(29s);
  EXPECT_EQ(pair.server.swarm.best(pair.client.id)->stream_count(), 1U);
  pair.net.world.run_for(3s);
  EXPECT_EQ(pair.server.swarm.best(pair.client.id)->stream_count(), 0U);
}

Task<void> send_bytes(std::size_t bytes, net::ProtocolStream stream) {
  co_await read_to_end(*stream.stream);
  co_await write_all(*stream.stream, Bytes(bytes));
  co_await stream.stream->close_write();
}

TEST(Perf, notices_a_server_that_sends_too_little_or_too_much) {
  for (const std::size_t bytes : {99U, 101U}) {
    Pair pair;
    pair.server.swarm.protocols().add(kProtocol, [bytes](net::ProtocolStream stream) {
      return send_bytes(bytes, std::move(stream));
    });
    const auto failure = pair.net.world.run(failure_of(pair.perf.download(pair.server.id, 100)));
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code(), ErrorCode::corrupt);
  }
}

TEST(Perf, says_when_the_peer_does_not_speak_it) {
  Pair pair;
  const auto failure = pair.net.world.run(failure_of(pair.perf.download(pair.server.id, 1)));
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace shoal::perf
