#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "protocol/kad/key.h"
#include "system/random.h"

namespace shoal::kad::testing {

/// The peer of that number: an id like any other, without a key behind it.
inline PeerId peer_of(std::uint64_t number) {
  const std::string name = "peer " + std::to_string(number);
  return PeerId::decode(Multihash::sha2_256(as_bytes(name)).encoded());
}

/// Peers from `first` on whose keys have exactly `prefix` bits in common with `self`.
inline PeerId peer_in_bucket(const Key& self, std::size_t prefix, std::uint64_t& first) {
  while (Key::of(peer_of(first)).common_prefix(self) != prefix) ++first;
  return peer_of(first++);
}

inline Multihash content_of(std::uint64_t number) {
  return Multihash::sha2_256(as_bytes("content " + std::to_string(number)));
}

/// A public address of a network of its own for each number below 40,000.
inline IpAddress public_ip(std::uint32_t network, std::uint8_t host = 1) {
  return IpAddress::v4({static_cast<std::uint8_t>(20 + network / 256 % 80),
                        static_cast<std::uint8_t>(network % 256), 0, host});
}

inline Multiaddr public_address(std::uint32_t network, std::uint8_t host = 1) {
  return Multiaddr::tcp({public_ip(network, host), 4001});
}

/// Numbers that follow from a seed.
class CountingRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) {
      state_ = state_ * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<std::uint8_t>(state_ >> 56);
    }
  }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace shoal::kad::testing
