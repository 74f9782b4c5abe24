#include <gtest/gtest.h>

#include "base/error.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::sim {
namespace {

constexpr std::uint16_t kPort = 4001;

/// Sends back all that it reads.
Task<void> echo(std::unique_ptr<HostStream> stream) {
  Bytes buffer(4096);
  while (true) {
    const std::size_t got = co_await stream->read_some(buffer);
    if (got == 0) break;
    co_await write_all(*stream, ByteView(buffer).first(got));
  }
  co_await stream->close_write();
}

Task<void> serve_echo(Listener& listener, TaskGroup& tasks) {
  while (true) {
    auto stream = co_await listener.accept();
    tasks.spawn(echo(std::move(stream)));
  }
}

Task<std::string> ask(System& system, Endpoint server, std::string text) {
  auto stream = co_await system.network.connect(server);
  co_await write_all(*stream, as_bytes(text));
  co_await stream->close_write();
  std::string answer;
  Bytes buffer(4096);
  while (true) {
    const std::size_t got = co_await stream->read_some(buffer);
    if (got == 0) break;
    answer += as_text(ByteView(buffer).first(got));
  }
  co_return answer;
}

TEST(Streams, connect_takes_one_round_trip_and_an_answer_another) {
  World world({.path = {.latency = 30ms}});
  Host& server = world.add_host();
  Host& client = world.add_host();
  const Endpoint address{server.address(), kPort};
  auto listener = server.system().network.listen({IpAddress::any_v4(), kPort});
  TaskGroup tasks(world.waits(), "server");
  tasks.spawn(serve_echo(*listener, tasks));
  const TimePoint begin = world.now();
  EXPECT_EQ(world.run(ask(client.system(), address, "hello")), "hello");
  EXPECT_EQ(world.now() - begin, 120ms);
  world.run(tasks.stop());
}

}  // namespace
}  // namespace shoal::sim
