#include <benchmark/benchmark.h>
#include <malloc.h>

#include "system/sim/test_hosts.h"

namespace shoal::sim {
namespace {

constexpr std::uint16_t kPort = 4001;

std::size_t heap_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

Task<void> tick(Clock& clock) {
  while (true) co_await clock.sleep_for(1s);
}

void events(benchmark::State& state) {
  World world;
  TaskGroup tasks(world.waits(), "ticks");
  for (int i = 0; i < state.range(0); ++i) tasks.spawn(tick(world.clock()));
  const std::uint64_t before = world.step_count();
  for (auto _ : state) world.run_for(1s);
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(world.step_count() - before),
                                                  benchmark::Counter::kIsRate);
  world.run(tasks.stop());
}
BENCHMARK(events)->Arg(10)->Arg(1000)->Arg(100'000);

Task<void> ping(System& system, Endpoint to) {
  auto socket = system.network.bind({IpAddress::any_v4(), 0});
  while (true) {
    socket->send(to, Bytes(100));
    co_await system.clock.sleep_for(100ms);
  }
}

Task<void> swallow(System& system) {
  auto socket = system.network.bind({IpAddress::any_v4(), kPort});
  Bytes buffer(2000);
  while (true) co_await socket->receive(buffer);
}

void datagrams(benchmark::State& state) {
  World world;
  TaskGroup tasks(world.waits(), "pings");
  for (int i = 0; i < 100; ++i) world.add_host({.up = 1'000'000, .down = 1'000'000});
  for (std::uint32_t i = 0; i < 100; ++i) {
    tasks.spawn(swallow(world.host(i).system()));
    tasks.spawn(ping(world.host(i).system(), {world.host((i + 1) % 100).address(), kPort}));
  }
  const std::uint64_t before = world.step_count();
  for (auto _ : state) world.run_for(1s);
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(world.step_count() - before),
                                                  benchmark::Counter::kIsRate);
  state.counters["datagrams/s"] = benchmark::Counter(static_cast<double>(state.iterations()) * 1000,
                                                     benchmark::Counter::kIsRate);
  world.run(tasks.stop());
}
BENCHMARK(datagrams);

Task<void> write_for_ever(Stream& stream) {
  const Bytes buffer(1 << 20);
  while (true) co_await write_all(stream, buffer);
}

Task<void> read_for_ever(Stream& stream, std::uint64_t& bytes) {
  Bytes buffer(1 << 18);
  while (true) bytes += co_await stream.read_some(buffer);
}

void stream_bytes(benchmark::State& state) {
  const HostOptions fast{.up = 625'000'000, .down = 625'000'000, .window_bytes = 64 << 20};
  World world({.path = {.latency = 10ms}});
  Host& a = world.add_host(fast);
  Host& b = world.add_host(fast);
  auto pair = connect_pair(world, a, b);
  TaskGroup tasks(world.waits(), "pumps");
  std::uint64_t bytes = 0;
  tasks.spawn(write_for_ever(*pair.client));
  tasks.spawn(read_for_ever(*pair.server, bytes));
  for (auto _ : state) world.run_for(100ms);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  world.run(tasks.stop());
}
BENCHMARK(stream_bytes);

void hosts(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = heap_bytes();
    World world;
    for (int i = 0; i < state.range(0); ++i) world.add_host();
    state.counters["bytes/host"] =
        static_cast<double>(heap_bytes() - before) / static_cast<double>(state.range(0));
  }
}
BENCHMARK(hosts)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

Task<void> connect_into(Network& network, Endpoint to, std::unique_ptr<HostStream>& into) {
  into = co_await network.connect(to);
}

Task<void> accept_all(Listener& listener, std::vector<std::unique_ptr<HostStream>>& into) {
  while (true) into.push_back(co_await listener.accept());
}

/// Every host connects to 20 others.
void connections(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    World world;
    std::vector<std::unique_ptr<HostStream>> accepted;
    std::vector<std::unique_ptr<HostStream>> connected(count * 20);
    std::vector<std::unique_ptr<Listener>> listeners;
    {
      TaskGroup acceptors(world.waits(), "acceptors");
      TaskGroup connectors(world.waits(), "connectors");
      for (std::uint32_t i = 0; i < count; ++i) {
        Network& network = world.add_host().system().network;
        listeners.push_back(network.listen({IpAddress::any_v4(), kPort}));
        acceptors.spawn(accept_all(*listeners.back(), accepted));
      }
      const std::size_t before = heap_bytes();
      for (std::uint32_t i = 0; i < count * 20; ++i) {
        Host& to = world.host((i / 20 + 1 + i % 20 * 37) % count);
        connectors.spawn(
            connect_into(world.host(i / 20).system().network, {to.address(), kPort}, connected[i]));
      }
      world.run(connectors.join());
      world.run_for(2min);
      state.counters["bytes/connection"] =
          static_cast<double>(heap_bytes() - before) / static_cast<double>(count * 20);
      world.run(acceptors.stop());
    }
  }
}
BENCHMARK(connections)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void storage_pages(benchmark::State& state) {
  World world;
  Storage& storage = world.add_host().system().storage;
  const auto file = storage.open("f", Access::create);
  file->write_at(0, Bytes(64 << 20));
  const Bytes page(4096, 1);
  Bytes into(4096);
  std::uint64_t at = 0;
  for (auto _ : state) {
    at = (at * 6364136223846793005 + 1442695040888963407);
    const std::uint64_t offset = (at >> 40) % (64 << 20) / 4096 * 4096;
    file->write_at(offset, page);
    file->read_at(offset, into);
    if ((at >> 33) % 64 == 0) file->sync();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * 8192);
}
BENCHMARK(storage_pages);

}  // namespace
}  // namespace shoal::sim
