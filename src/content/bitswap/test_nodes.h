#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/bitswap/node.h"
#include "net/swarm/swarm.h"
#include "net/transport/tcp/tcp.h"
#include "net/upgrade.h"

namespace shoal::content::bitswap {

/// Blocks in memory, which can be made to misbehave.
struct MemoryBlocks {
  explicit MemoryBlocks(System& host) : system(host), never(host.waits) {}

  Cid add(const Bytes& content) {
    const Multihash hash = Multihash::sha2_256(content);
    blocks.emplace(hash, SharedBytes(content));
    return Cid::v1(Codec::raw, hash);
  }

  System& system;
  Event never;
  std::map<Multihash, SharedBytes> blocks;
  bool stalls = false;                  // says that it has a block and never sends it
  bool lies = false;                    // sends something else
  std::optional<Multihash> lies_about;  // sends something else for this one
  Duration read_time{};
  std::size_t reads = 0;
};

class MemoryReader final : public BlockReader {
 public:
  explicit MemoryReader(MemoryBlocks& from) : from_(from) {}
  std::optional<std::uint64_t> size(const Multihash& hash) override {
    const auto found = from_.blocks.find(hash);
    if (found == from_.blocks.end()) return std::nullopt;
    return found->second.size();
  }
  Task<std::vector<std::optional<SharedBytes>>> get(std::vector<Multihash> hashes) override {
    std::vector<std::optional<SharedBytes>> out;
    out.reserve(hashes.size());
    for (const Multihash& hash : hashes) out.push_back(co_await get_one(hash));
    co_return out;
  }

 private:
  Task<std::optional<SharedBytes>> get_one(Multihash hash) {
    ++from_.reads;
    if (from_.stalls) co_await from_.never.wait();
    if (from_.read_time != Duration::zero()) co_await from_.system.clock.sleep_for(from_.read_time);
    const auto found = from_.blocks.find(hash);
    if (found == from_.blocks.end()) co_return std::nullopt;
    if (!from_.lies && from_.lies_about != hash) co_return found->second;
    Bytes wrong = to_bytes(found->second.view());
    wrong.front() ^= 1;
    co_return SharedBytes(std::move(wrong));
  }

  MemoryBlocks& from_;
};

/// A whole node: sockets, Noise, yamux, swarm and bitswap.
class TestNode {
 public:
  TestNode(System& world, const IpAddress& ip, std::uint8_t number,
           std::vector<std::string> speaks = bitswap::protocols(),
           std::uint64_t up_bytes_per_second = 0)
      : system(world),
        address(Multiaddr::tcp(Endpoint{ip, static_cast<std::uint16_t>(47'000 + number)})),
        blocks(system),
        key(crypto::PrivateKey::ed25519_from_seed(Bytes(32, number))),
        up(system.clock, up_bytes_per_second),
        down(system.clock, 0),
        upgrader(system, key, net::Bandwidth{up, down}),
        swarm(system, PeerId::from_public_key(key.public_key()), net::ConnectionLimits{}) {
    swarm.add_transport(net::make_tcp_transport(system, upgrader));
    swarm.listen(address);
    node = make_node(system, swarm, std::make_unique<MemoryReader>(blocks),
                     std::make_unique<ServedBlocks>(system.random), {}, std::move(speaks));
  }

  const PeerId& id() const { return swarm.local_peer(); }
  void knows(const TestNode& other) {
    swarm.peers().add_address(other.id(), other.address, net::AddressSource::given_by_user, 24h);
  }
  Task<void> stop() {
    co_await node->stop();
    co_await swarm.stop();
  }

  System& system;
  const Multiaddr address;
  MemoryBlocks blocks;
  crypto::PrivateKey key;
  RateLimit up;
  RateLimit down;
  net::Upgrader upgrader;
  net::Swarm swarm;
  std::unique_ptr<Bitswap> node;
};

}  // namespace shoal::content::bitswap
