#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "net/muxer/muxer_pair.h"

namespace shoal::net::testing {

using MakeMuxerPair = std::unique_ptr<MuxerPair> (*)();

/// What every muxer must do; the tests are in conformance_sim_test.cpp. A muxer takes part by one
/// line in its folder:
///
///     INSTANTIATE_TEST_SUITE_P(Yamux, MuxerConformance, ::testing::Values(&make_pair));
class MuxerConformance : public ::testing::TestWithParam<MakeMuxerPair> {
 protected:
  void begin(Duration latency = 25ms, sim::HostOptions host = {}) {
    pair = GetParam()();
    pair->begin(latency, host);
    world = pair->world.get();
    client = pair->client.get();
    server = pair->server.get();
  }
  void TearDown() override { pair->end(); }
  auto stream() { return pair->stream(); }

  std::unique_ptr<MuxerPair> pair;
  sim::World* world = nullptr;
  Muxer* client = nullptr;
  Muxer* server = nullptr;
};

}  // namespace shoal::net::testing
