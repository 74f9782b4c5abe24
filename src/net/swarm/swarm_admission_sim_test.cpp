#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/swarm/swarm_sim_testing.h"

namespace shoal::net {
namespace {

using testing::ask;
using testing::code_of;
using testing::echo;
using testing::failure_of;
using testing::kEcho;
using testing::TestNet;
using testing::TestNode;

class Admission : public ::testing::Test {
 protected:
  Admission() {
    a.knows(b);
    b.knows(a);
    b.swarm.protocols().add(kEcho, [this](ProtocolStream stream) {
      ++served;
      return echo(std::move(stream));
    });
  }

  TestNet net;
  TestNode& a = net.add();
  TestNode& b = net.add();
  int served = 0;
};

TEST_F(Admission, an_inbound_peer_is_refused_before_any_protocol) {
  b.swarm.when_admitting([this](const PeerId& peer) { return peer != a.id; });
  EXPECT_TRUE(net.world.run(failure_of(ask(a.swarm, b.id, "hello"))).has_value());
  EXPECT_EQ(served, 0);
  EXPECT_EQ(b.swarm.best(a.id), nullptr);
  net.world.run_for(1s);
  EXPECT_EQ(a.swarm.best(b.id), nullptr);
  b.swarm.when_admitting({});
  EXPECT_EQ(net.world.run(ask(a.swarm, b.id, "hello")), "hello");
}

TEST_F(Admission, a_peer_is_not_dialled_when_not_admitted) {
  a.swarm.when_admitting([](const PeerId&) { return false; });
  const TimePoint begin = net.world.now();
  EXPECT_EQ(code_of(net.world.run(failure_of(ask(a.swarm, b.id, "hello")))), ErrorCode::refused);
  EXPECT_EQ(net.world.now(), begin);
}

TEST_F(Admission, a_dial_under_way_is_checked_at_its_end) {
  bool admitted = true;
  a.swarm.when_admitting([&admitted](const PeerId&) { return admitted; });
  net.world.after(30ms, [&admitted] { admitted = false; });
  EXPECT_EQ(code_of(net.world.run(failure_of(ask(a.swarm, b.id, "hello")))), ErrorCode::refused);
  EXPECT_EQ(a.swarm.best(b.id), nullptr);
  EXPECT_EQ(served, 0);
}

}  // namespace
}  // namespace shoal::net
