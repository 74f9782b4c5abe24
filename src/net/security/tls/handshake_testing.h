#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "crypto/hash.h"
#include "net/security/tls/handshake.h"

namespace shoal::tls::testing {

/// The same bytes in every run: hashes of a counter.
inline crypto::RandomFill counting_random(std::uint8_t seed) {
  return [seed, count = std::uint64_t{0}](MutableBytes out) mutable {
    while (!out.empty()) {
      const Bytes input{seed, static_cast<std::uint8_t>(count >> 8),
                        static_cast<std::uint8_t>(count)};
      ++count;
      const crypto::Sha256Digest block = crypto::sha256(input);
      const std::size_t size = std::min(out.size(), block.size());
      std::copy_n(block.begin(), size, out.begin());
      out = out.subspan(size);
    }
  };
}

inline constexpr WallTime kTestTime{std::chrono::seconds(1'700'000'000)};

/// One side of a handshake.
struct TestPeer {
  TestPeer(Role role, std::uint8_t seed)
      : key(crypto::PrivateKey::ed25519_from_seed(Bytes(32, seed))), random(counting_random(seed)) {
    handshake = std::make_unique<Handshake>(HandshakeConfig{.role = role,
                                                            .identity = Identity::make(key, random),
                                                            .expected_peer = {},
                                                            .muxers = {"/yamux/1.0.0"},
                                                            .now = kTestTime},
                                            random);
  }
  Handshake* operator->() { return handshake.get(); }

  crypto::PrivateKey key;
  crypto::RandomFill random;
  std::unique_ptr<Handshake> handshake;
};

/// Gives records one by one, as they arrive; what comes back. Stops where the handshake does.
inline Bytes feed(Exchange& handshake, ByteView records) {
  Bytes out;
  while (!records.empty() && !handshake.finished() && !handshake.failure()) {
    if (records.size() < Handshake::kHeaderBytes) break;
    const std::size_t size =
        Handshake::kHeaderBytes + Handshake::body_bytes(records.first(Handshake::kHeaderBytes));
    if (records.size() < size) break;
    append(out, handshake.advance(records.first(size)));
    records = records.subspan(size);
  }
  return out;
}

inline void shake_hands(TestPeer& client, TestPeer& server) {
  const Bytes hello = client->advance({});
  const Bytes answer = feed(*server.handshake, hello);
  const Bytes last = feed(*client.handshake, answer);
  feed(*server.handshake, last);
}

/// What the fuzzers of handshakes do: `input` changes the records. Its first byte says which
/// flight, or that the server gets only what the input says; then follow steps of three bytes, a
/// place and what is XORed into it. The rest is put behind the flight as it is.
class ChangedFlights {
 public:
  explicit ChangedFlights(ByteView input) : flight_(input[0] % 4), script_(input.subspan(1)) {}

  /// Throws where a side gives up.
  void shake_hands(Exchange& client, Exchange& server) const {
    const Bytes hello = flight_ == kAlone ? to_bytes(script_) : changed(0, client.advance({}));
    const Bytes answer = changed(1, feed(server, hello));
    if (flight_ == kAlone) return;
    feed(server, changed(2, feed(client, answer)));
  }

 private:
  static constexpr std::size_t kAlone = 3;
  static constexpr std::size_t kMaxSteps = 8;

  Bytes changed(std::size_t number, Bytes flight) const {
    if (number != flight_) return flight;
    ByteView script = script_;
    std::size_t steps = 0;
    while (script.size() >= 3 && !flight.empty() && steps++ < kMaxSteps) {
      flight[(std::size_t{script[0]} << 8 | script[1]) % flight.size()] ^= script[2];
      script = script.subspan(3);
    }
    append(flight, script);
    return flight;
  }

  std::size_t flight_;
  ByteView script_;
};

}  // namespace shoal::tls::testing
