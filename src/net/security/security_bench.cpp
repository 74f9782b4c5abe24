// Sealing and opening what a connection carries, by each security protocol: the measure by which
// one is preferred (UpgradeOptions).

#include <benchmark/benchmark.h>

#include <array>

#include "net/security/noise/transport.h"
#include "net/security/tls/record.h"

namespace shoal::net {
namespace {

// As a muxer writes: a header and its data.
constexpr std::size_t kFrameHeaderBytes = 12;
constexpr std::size_t kWriteBytes = 256 * 1024;

struct Written {
  const Bytes header = Bytes(kFrameHeaderBytes, 1);
  const Bytes data = Bytes(kWriteBytes, 1);
  const std::array<ByteView, 2> pieces = {header, data};
};

void by_noise(benchmark::State& state) {
  noise::FrameSealer sealer(noise::CipherState(Bytes(32, 1)));
  noise::FrameOpener opener(noise::CipherState(Bytes(32, 1)));
  const Written written;
  Bytes wire(noise::FrameSealer::sealed_bytes(kFrameHeaderBytes + kWriteBytes));
  for (auto _ : state) {
    Gathered from(written.pieces);
    sealer.seal(from, wire);
    MutableBytes rest = wire;
    while (!rest.empty()) {
      const std::size_t body = noise::FrameOpener::body_bytes(rest.first(noise::kLengthBytes));
      benchmark::DoNotOptimize(opener.open(rest.subspan(noise::kLengthBytes, body)));
      rest = rest.subspan(noise::kLengthBytes + body);
    }
  }
  state.SetBytesProcessed(state.iterations() * std::int64_t{kWriteBytes});
}
BENCHMARK(by_noise);

void by_tls(benchmark::State& state, tls::Suite suite) {
  tls::RecordSealer sealer(suite, tls::TrafficSecret(Bytes(32, 1)));
  tls::RecordOpener opener(suite, tls::TrafficSecret(Bytes(32, 1)));
  const Written written;
  Bytes wire(tls::RecordSealer::sealed_bytes(kFrameHeaderBytes + kWriteBytes));
  for (auto _ : state) {
    Gathered from(written.pieces);
    sealer.seal(from, wire);
    MutableBytes rest = wire;
    while (!rest.empty()) {
      const std::size_t size = tls::kHeaderBytes + tls::body_bytes(rest.first(tls::kHeaderBytes));
      const MutableBytes record = rest.first(size);
      const MutableBytes out =
          record.subspan(tls::kHeaderBytes, tls::RecordOpener::space_for(size));
      benchmark::DoNotOptimize(opener.open(record, out));
      rest = rest.subspan(size);
    }
  }
  state.SetBytesProcessed(state.iterations() * std::int64_t{kWriteBytes});
}
BENCHMARK_CAPTURE(by_tls, aes_128_gcm, tls::Suite::aes_128_gcm_sha256);
BENCHMARK_CAPTURE(by_tls, chacha20_poly1305, tls::Suite::chacha20_poly1305_sha256);

}  // namespace
}  // namespace shoal::net
