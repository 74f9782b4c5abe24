#include <benchmark/benchmark.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/keys.h"
#include "crypto/x25519.h"

namespace shoal::crypto {
namespace {

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void sha256_one_shot(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(sha256(data));
  count_bytes(state);
}
BENCHMARK(sha256_one_shot)->Arg(64)->Arg(4096)->Arg(1 << 20);

void sha256_update(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 1);
  Sha256 hash;
  for (auto _ : state) hash.update(data);
  count_bytes(state);
}
BENCHMARK(sha256_update)->Arg(1 << 20);

void chacha_seal(benchmark::State& state) {
  ChaCha20Poly1305 cipher(Bytes(32, 1));
  const Bytes data(static_cast<std::size_t>(state.range(0)), 1);
  Bytes out(data.size() + ChaCha20Poly1305::kTagBytes);
  for (auto _ : state) cipher.seal({}, {}, data, out);
  count_bytes(state);
}
BENCHMARK(chacha_seal)->Arg(64)->Arg(1400)->Arg(1 << 16);

void chacha_open(benchmark::State& state) {
  ChaCha20Poly1305 cipher(Bytes(32, 1));
  Bytes data(static_cast<std::size_t>(state.range(0)), 1);
  Bytes sealed(data.size() + ChaCha20Poly1305::kTagBytes);
  cipher.seal({}, {}, data, sealed);
  for (auto _ : state) {
    if (!cipher.open({}, {}, sealed, data)) state.SkipWithError("not authentic");
  }
  count_bytes(state);
}
BENCHMARK(chacha_open)->Arg(64)->Arg(1400)->Arg(1 << 16);

void ed25519_sign(benchmark::State& state) {
  const auto key = PrivateKey::ed25519_from_seed(Bytes(32, 1));
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(as_bytes("message")));
}
BENCHMARK(ed25519_sign);

void ed25519_verify(benchmark::State& state) {
  const auto key = PrivateKey::ed25519_from_seed(Bytes(32, 1));
  const auto signature = key.sign(as_bytes("message"));
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.public_key().verify(as_bytes("message"), signature));
  }
}
BENCHMARK(ed25519_verify);

void x25519_agree(benchmark::State& state) {
  const X25519KeyPair pair(Bytes(32, 1));
  const X25519KeyPair remote(Bytes(32, 2));
  for (auto _ : state) benchmark::DoNotOptimize(pair.shared_secret(remote.public_key()));
}
BENCHMARK(x25519_agree);

}  // namespace
}  // namespace shoal::crypto
