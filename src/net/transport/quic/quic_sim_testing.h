#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "net/swarm_testing.h"
#include "net/transport/quic/quic_end_testing.h"
#include "system/sim/world.h"
#include "system/timeout.h"

namespace shoal::quic::testing {

/// Two QUIC connections' ends that know each other, and their sockets.
class QuicPair : public ::testing::Test {
 protected:
  void begin(Duration latency = 25ms, sim::HostOptions host = {}, double loss = 0) {
    world =
        std::make_unique<sim::World>(sim::WorldOptions{.path = {.latency = latency, .loss = loss}});
    began = world->now();
    one = std::make_unique<QuicEnd>(world->add_host(host));
    other = std::make_unique<QuicEnd>(world->add_host(host));
    connect();
  }

  void connect() {
    std::optional<net::Link> accepted;
    TaskGroup accepting(world->waits(), "accept");
    accepting.spawn(upgrade_next(other->socket, accepted));
    auto dialled = std::make_unique<QuicMuxer>(one->socket, other->address, other->id);
    world->run(dialled->handshake());
    world->run(accepting.join());
    ASSERT_TRUE(accepted.has_value());
    EXPECT_EQ(accepted->peer, one->id);
    client = std::move(dialled);
    server = std::move(accepted->muxer);
    tasks = std::make_unique<TaskGroup>(world->waits(), "muxers");
    tasks->spawn(client->run());
    tasks->spawn(server->run());
  }

  void TearDown() override {
    if (client) client->close();
    if (server) server->close();
    if (tasks) world->run(tasks->stop());
    if (client) EXPECT_EQ(client->stream_count(), 0U);
    if (server) EXPECT_EQ(server->stream_count(), 0U);
    client.reset();
    server.reset();
    if (one) world->run(one->socket.stop());
    if (other) world->run(other->socket.stop());
  }

  /// A stream that both ends know.
  std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> stream() {
    auto here = client->open();
    world->run(write_all(*here, as_bytes("!")));
    auto there = world->run(server->accept());
    Bytes one_byte(1);
    world->run(read_exactly(*there, one_byte));
    return {std::move(here), std::move(there)};
  }

  std::unique_ptr<sim::World> world;
  TimePoint began;
  std::unique_ptr<QuicEnd> one;
  std::unique_ptr<QuicEnd> other;
  std::unique_ptr<net::Muxer> client;
  std::unique_ptr<net::Muxer> server;
  std::unique_ptr<TaskGroup> tasks;
};

}  // namespace shoal::quic::testing
