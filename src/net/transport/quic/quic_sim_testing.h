#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "net/muxer/muxer_pair.h"
#include "net/transport/quic/quic_end_testing.h"
#include "system/sim/world.h"
#include "system/timeout.h"

namespace shoal::quic::testing {

/// Two QUIC connections' ends that know each other, and their sockets.
class QuicPair : public net::testing::MuxerPair {
 public:
  void begin(Duration latency = 25ms, sim::HostOptions host = {}) override {
    begin(latency, host, 0);
  }
  void begin(Duration latency, sim::HostOptions host, double loss) {
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
    run_muxers();
  }

  void end() override {
    MuxerPair::end();
    client.reset();
    server.reset();
    if (one) world->run(one->socket.stop());
    if (other) world->run(other->socket.stop());
  }

  TimePoint began;
  std::unique_ptr<QuicEnd> one;
  std::unique_ptr<QuicEnd> other;
};

}  // namespace shoal::quic::testing
