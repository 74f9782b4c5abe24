#include <benchmark/benchmark.h>

#include <cstring>

#include "net/muxer/yamux/session.h"

// What the bookkeeping costs, with and without the one copy into a reader's buffer.

namespace shoal::yamux {
namespace {

using namespace std::chrono_literals;

/// Frames of 64 KiB, read in pieces of 256 KiB, as the glue does.
void carries_one_stream(benchmark::State& state) {
  constexpr std::size_t kFrames = 4;
  const bool copy = state.range(0) != 0;
  Session sender(Role::client, {}, 1s), reader(Role::server, {}, 1s);
  const StreamId id = sender.open(1s);
  Bytes wire(kFrames * (kHeaderBytes + kMaxPayload) + 1024);
  std::int64_t total = 0;
  Bytes buffer(kFrames * kMaxPayload), out, back;
  for (auto _ : state) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < kFrames; ++i) {
      out.clear();
      const std::size_t bytes = sender.sendable(id);
      if (bytes == 0) break;
      sender.begin_data(id, bytes, out, 1s);
      std::memcpy(wire.data() + size, out.data(), out.size());
      size += out.size() + bytes;
      total += static_cast<std::int64_t>(bytes);
    }
    ByteView input = ByteView(wire).first(size);
    while (auto event = reader.receive(input, 1s)) {
      if (event->kind != Event::Kind::data) continue;
      if (copy) std::memcpy(buffer.data(), event->data.data(), event->data.size());
      benchmark::DoNotOptimize(buffer.data());
      benchmark::ClobberMemory();
      reader.consumed(id, event->data.size(), 1s);
    }
    back.clear();
    reader.take_control(back, 1s);
    ByteView answers = back;
    while (sender.receive(answers, 1s)) continue;
  }
  state.SetBytesProcessed(total);
}
BENCHMARK(carries_one_stream)->ArgName("copy")->Arg(0)->Arg(1);

/// A request and its answer on a stream of their own.
void opens_and_ends_streams(benchmark::State& state) {
  Session client(Role::client, {}, 1s), server(Role::server, {}, 1s);
  Bytes there, back;
  for (auto _ : state) {
    there.clear();
    back.clear();
    const StreamId id = client.open(1s);
    client.announce(id);
    client.finish(id);
    client.take_control(there, 1s);
    ByteView input = there;
    while (server.receive(input, 1s)) continue;
    server.accept(id);
    server.finish(id);
    server.take_control(back, 1s);
    input = back;
    while (client.receive(input, 1s)) continue;
  }
  state.SetItemsProcessed(state.iterations());
}
// Ids end after 2^31 streams.
BENCHMARK(opens_and_ends_streams)->Iterations(1'000'000);

}  // namespace
}  // namespace shoal::yamux
