#include <benchmark/benchmark.h>

#include "net/security/noise/transport.h"

namespace shoal::noise {
namespace {

// As a muxer writes: a header and its data.
void noise_seal(benchmark::State& state) {
  FrameSealer sealer(CipherState(Bytes(32, 1)));
  const Bytes header(12, 1);
  const Bytes data(static_cast<std::size_t>(state.range(0)), 1);
  const ByteView pieces[] = {header, data};
  Bytes out(FrameSealer::sealed_bytes(header.size() + data.size()));
  for (auto _ : state) {
    Gathered from(pieces);
    benchmark::DoNotOptimize(sealer.seal(from, out));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(noise_seal)->Arg(1024)->Arg(16 << 10)->Arg(64 << 10)->Arg(256 << 10);

void noise_seal_and_open(benchmark::State& state) {
  FrameSealer sealer(CipherState(Bytes(32, 1)));
  FrameOpener opener(CipherState(Bytes(32, 1)));
  const Bytes data(kMaxPlaintextBytes, 1);
  const ByteView view(data);
  Bytes out(kMaxFrameBytes);
  for (auto _ : state) {
    Gathered from({&view, 1});
    sealer.seal(from, out);
    benchmark::DoNotOptimize(opener.open(MutableBytes(out).subspan(kLengthBytes)));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(data.size()));
}
BENCHMARK(noise_seal_and_open);

}  // namespace
}  // namespace shoal::noise
