#include <benchmark/benchmark.h>

#include <array>

#include "system/os/world.h"
#include "system/task_group.h"

namespace shoal::os {
namespace {

Task<void> send(Stream& stream, std::size_t bytes, std::size_t per_write) {
  const Bytes block(per_write);
  // As a muxer writes: a small header before each piece of content.
  const ByteView header = ByteView(block).first(12);
  std::vector<ByteView> pieces;
  for (std::size_t at = 0; at < per_write; at += 64 * 1024) {
    pieces.push_back(header);
    pieces.push_back(ByteView(block).subspan(at, 64 * 1024));
  }
  for (std::size_t sent = 0; sent < bytes; sent += per_write) co_await stream.write(pieces);
  co_await stream.close_write();
}

Task<void> transfer(System& system, std::size_t bytes, std::size_t per_write) {
  const Endpoint any{.address = IpAddress::loopback_v4(), .port = 0};
  const auto listener = system.network.listen(any);
  const auto client = co_await system.network.connect(listener->local());
  const auto server = co_await listener->accept();
  TaskGroup group(system.waits, "sender");
  group.spawn(send(*client, bytes, per_write));
  Bytes room(256 * 1024);
  while (co_await server->read_some(room) > 0) {
  }
  co_await group.stop();
}

void loopback_stream(benchmark::State& state) {
  constexpr std::size_t kBytes = 1 << 30;
  World world;
  for (auto _ : state) {
    world.run(transfer(world.system(), kBytes, static_cast<std::size_t>(state.range(0))));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kBytes));
}
BENCHMARK(loopback_stream)->Arg(64 << 10)->Arg(256 << 10)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace shoal::os
