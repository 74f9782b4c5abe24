#include <benchmark/benchmark.h>

#include "content/bitswap/test_nodes.h"
#include "system/os/world.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {
namespace {

Task<void> fetch_one(Session& session, Cid cid, std::size_t& bytes) {
  const Block block = co_await session.fetch(cid);
  bytes += block.bytes.size();
}

/// Every round asks in a session of its own, since one never asks twice for what it has.
Task<void> fetch_all(TestNode& client, const PeerId& from, const std::vector<Cid>& cids,
                     std::size_t& bytes) {
  const std::unique_ptr<Session> session = client.node->session();
  session->add_peer(from);
  TaskGroup tasks(client.system.waits, "fetches");
  for (const Cid& cid : cids) tasks.spawn(fetch_one(*session, cid, bytes));
  co_await tasks.join();
}

/// Two nodes in one process and on one thread, over loopback.
void loopback(benchmark::State& state) {
  os::World world;
  const IpAddress ip = IpAddress::loopback_v4();
  const auto block_bytes = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  TestNode server(world.system(), ip, 1);
  TestNode client(world.system(), ip, 2);
  client.knows(server);
  std::vector<Cid> cids;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes content(block_bytes, static_cast<std::uint8_t>(i));
    content[0] = static_cast<std::uint8_t>(i >> 8);
    cids.push_back(server.blocks.add(content));
  }
  std::size_t bytes = 0;
  for (auto round : state) world.run(fetch_all(client, server.id(), cids, bytes));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(bytes / block_bytes));
  world.run(client.stop());
  world.run(server.stop());
}

BENCHMARK(loopback)->Args({1 << 20, 256})->Args({1000, 10'000})->UseRealTime();

}  // namespace
}  // namespace shoal::content::bitswap
