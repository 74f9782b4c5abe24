#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "crypto/keys.h"
#include "protocol/mdns/peer_message.h"
#include "system/random.h"

namespace shoal::mdns::testing {

inline PeerId peer_of_seed(std::uint8_t seed) {
  std::array<std::uint8_t, 32> secret{};
  secret.fill(seed);
  return PeerId::from_public_key(crypto::PrivateKey::ed25519_from_seed(secret).public_key());
}

/// Counts.
class CountingRandom final : public Random {
 public:
  explicit CountingRandom(std::uint8_t first = 0) : next_(first) {}
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_;
};

inline AnnouncedPeer announced(std::uint8_t seed, const std::string& name,
                               std::uint32_t ttl_seconds = kTtlSeconds) {
  return {.instance = DnsName::parse(name).below(DnsName::parse(kServiceName)),
          .peer = peer_of_seed(seed),
          .addresses = {Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")},
          .ttl_seconds = ttl_seconds};
}

inline NetworkInterface lan_interface() {
  return {.index = 2,
          .name = "eth0",
          .addresses = {{IpAddress::v4({203, 0, 113, 5}), 24}, {IpAddress::v6({0xfd, 1}), 64}},
          .up = true,
          .multicast = true};
}

}  // namespace shoal::mdns::testing
