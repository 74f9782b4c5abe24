#include <gtest/gtest.h>

#include "base/error.h"
#include "system/sim/test_hosts.h"

namespace shoal::sim {
namespace {

constexpr std::uint16_t kPort = 4001;

/// A small node: accepts, reads, sends, and keeps a file.
class Node {
 public:
  Node(System& system, Endpoint peer)
      : system_(system),
        peer_(peer),
        listener_(system.network.listen({IpAddress::any_v4(), kPort})),
        socket_(system.network.bind({IpAddress::any_v4(), kPort})),
        tasks_(system.waits, "node") {
    tasks_.spawn(accept());
    tasks_.spawn(dial());
    tasks_.spawn(send());
    tasks_.spawn(write_file());
  }

  Task<void> stop() { return tasks_.stop(); }
  std::uint64_t errors() const { return errors_; }

 private:
  Task<void> accept() {
    while (true) {
      auto stream = co_await listener_->accept();
      tasks_.spawn(read(std::move(stream)));
    }
  }

  Task<void> read(std::unique_ptr<HostStream> stream) {
    Bytes buffer(100);
    while (co_await stream->read_some(buffer) != 0) {
    }
  }

  Task<void> dial() {
    while (true) {
      try {
        auto stream = co_await system_.network.connect(peer_);
        while (true) {
          co_await write_all(*stream, as_bytes("hello"));
          co_await system_.clock.sleep_for(1s);
        }
      } catch (const Error&) {
        ++errors_;
      }
    }
  }

  Task<void> send() {
    while (true) {
      socket_->send(peer_, as_bytes("ping"));
      co_await system_.clock.sleep_for(1s);
    }
  }

  Task<void> write_file() {
    while (true) {
      try {
        system_.storage.open("count", Access::create)->write_at(0, as_bytes("1"));
      } catch (const Error&) {
        ++errors_;
      }
      co_await system_.clock.sleep_for(1s);
    }
  }

  System& system_;
  Endpoint peer_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<DatagramSocket> socket_;
  TaskGroup tasks_;
  std::uint64_t errors_ = 0;
};

TEST(Crash, a_node_of_a_crashed_host_has_no_effect_and_stops_cleanly) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  auto left = std::make_unique<Node>(a.system(), Endpoint{b.address(), kPort});
  auto right = std::make_unique<Node>(b.system(), Endpoint{a.address(), kPort});
  world.run_for(10s);
  EXPECT_EQ(left->errors() + right->errors(), 0U);

  a.crash();
  const std::uint64_t sent = a.up_line().bytes_passed();
  world.run_for(100s);
  EXPECT_EQ(a.up_line().bytes_passed(), sent);
  EXPECT_GE(left->errors(), 90U);   // its disk is gone
  EXPECT_GE(right->errors(), 1U);   // its stream broke
  EXPECT_LE(left->errors(), 110U);  // nothing spins

  // A second life beside the remains of the first.
  auto next = std::make_unique<Node>(a.restart(), Endpoint{b.address(), kPort});
  world.run_for(100s);
  EXPECT_EQ(next->errors(), 0U);
  world.run(left->stop());
  left.reset();
  world.run_for(10s);
  EXPECT_EQ(next->errors(), 0U);
  world.run(next->stop());
  world.run(right->stop());
}

TEST(Crash, new_calls_of_a_former_life_fail_or_wait) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const auto pair = connect_pair(world, a, b);
  System& former = a.system();
  a.crash();
  EXPECT_FALSE(a.up());
  EXPECT_THROW(former.network.listen({IpAddress::any_v4(), kPort}), Error);
  EXPECT_THROW(former.network.bind({IpAddress::any_v4(), kPort}), Error);
  EXPECT_THROW(world.run(write_all(*pair.client, as_bytes("x"))), Error);
  Bytes byte(1);
  EXPECT_THROW(world.run(pair.client->read_some(byte)), Error);
  EXPECT_THROW(world.run(former.network.connect({b.address(), kPort})), Error);  // never ends
}

}  // namespace
}  // namespace shoal::sim
