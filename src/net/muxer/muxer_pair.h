#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "net/muxer/muxer.h"
#include "net/swarm_testing.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::net::testing {

/// For tests: two muxers at the ends of one connection of a simulated world. Each muxer has one.
class MuxerPair {
 public:
  virtual ~MuxerPair() = default;

  /// Makes the world and the connection, and runs both muxers. Once.
  virtual void begin(Duration latency = 25ms, sim::HostOptions host = {}) = 0;

  /// To be called before it is destroyed. What holds streams has let go.
  virtual void end() {
    if (client) client->close();
    if (server) server->close();
    if (tasks) world->run(tasks->stop());
    if (client) EXPECT_EQ(client->stream_count(), 0U);
    if (server) EXPECT_EQ(server->stream_count(), 0U);
  }

  /// A stream that both ends know.
  std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> stream() {
    auto here = client->open();
    world->run(write_all(*here, as_bytes("!")));
    auto there = accept(*server);
    Bytes one_byte(1);
    world->run(read_exactly(*there, one_byte));
    return {std::move(here), std::move(there)};
  }

  std::unique_ptr<Stream> accept(Muxer& muxer) {
    std::unique_ptr<Stream> stream;
    world->run_while_not([&] { return (stream = muxer.take_opened()) != nullptr; });
    return stream;
  }

  std::unique_ptr<sim::World> world;
  std::unique_ptr<Muxer> client;
  std::unique_ptr<Muxer> server;
  std::unique_ptr<TaskGroup> tasks;

 protected:
  void run_muxers() {
    tasks = std::make_unique<TaskGroup>(world->waits(), "muxers");
    tasks->spawn(client->run());
    tasks->spawn(server->run());
  }
};

/// What tests of muxers do with streams.
inline Task<void> send_all(Stream& stream, Bytes bytes) {
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

inline Task<void> expect_all(Stream& stream, Bytes expected, int& right) {
  const Bytes got = co_await read_to_end(stream);
  if (got == expected) ++right;
}

inline Task<void> write_for_ever(Stream& stream) {
  const Bytes much = pattern_bytes(1'000'000);
  while (true) co_await write_all(stream, much);
}

inline Task<void> read_for_ever(Stream& stream) {
  Bytes buffer(64 * 1024);
  while (co_await stream.read_some(buffer) > 0) {
  }
}

inline std::optional<ErrorCode> code_of(const std::optional<Error>& failure) {
  return failure ? std::optional(failure->code()) : std::nullopt;
}

}  // namespace shoal::net::testing
