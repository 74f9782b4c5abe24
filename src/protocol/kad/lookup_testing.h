#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/framing.h"
#include "net/swarm_testing.h"
#include "protocol/kad/lookup.h"
#include "protocol/kad/publisher.h"

namespace shoal::kad::testing {

inline crypto::PrivateKey kad_key_of(std::uint32_t number) {
  std::array<std::uint8_t, 32> secret{};
  for (std::size_t i = 0; i < 4; ++i) secret[i] = static_cast<std::uint8_t>(number >> 8 * i);
  secret[31] = 1;
  return crypto::PrivateKey::ed25519_from_seed(secret);
}

/// A routing table that a test fills.
class FixedTable final : public PeerTable {
 public:
  std::vector<PeerId> closest(const Key& target, std::size_t count) const override {
    std::vector<PeerId> out = peers;
    std::ranges::sort(out, [&](const PeerId& a, const PeerId& b) {
      return nearer(target, Key::of(a), Key::of(b));
    });
    if (out.size() > count) out.resize(count, out.front());
    return out;
  }
  void answered(const PeerId& peer, Duration) override { alive.insert(peer); }
  void failed(const PeerId& peer) override { dead.insert(peer); }

  std::vector<PeerId> peers;
  std::set<PeerId> alive;
  std::set<PeerId> dead;
};

/// A node of the DHT on a simulated host: lookups, and a server that a test can make misbehave.
class KadNode {
 public:
  static constexpr std::uint16_t kPort = 4001;

  KadNode(sim::Host& its_host, std::uint32_t number)
      : host(its_host),
        system(its_host.system()),
        identity(kad_key_of(number)),
        id(PeerId::from_public_key(identity.public_key())),
        up(system.clock, 0),
        down(system.clock, 0),
        upgrader(system, identity, net::Bandwidth{up, down}),
        swarm(system, id, {}),
        rpc(system, swarm, kPublicProtocol, AddressPolicy(Scope::internet, false)),
        context{.system = system, .rpc = rpc, .table = table, .round_trips = trips, .self = id},
        finder(context),
        publisher(context, [this] { return std::vector<Multiaddr>{address()}; }) {
    swarm.add_transport(net::make_tcp_transport(system, upgrader));
    swarm.listen(Multiaddr::tcp({IpAddress::any_v4(), kPort}));
    swarm.protocols().add(kPublicProtocol,
                          [this](net::ProtocolStream stream) { return serve(std::move(stream)); });
  }

  ~KadNode() {
    host.world().run(publisher.stop());
    host.world().run(rpc.stop());
    host.world().run(swarm.stop());
  }

  Multiaddr address() const { return Multiaddr::tcp({host.address(), kPort}); }
  PeerInfo info() const { return {.id = id, .addresses = {address()}}; }

  /// From now on in its table, and named by its answers.
  void knows(const KadNode& other) {
    known.push_back(other.info());
    table.peers.push_back(other.id);
    swarm.peers().add_address(other.id, other.address(), net::AddressSource::given_by_user, 24h);
  }

  sim::Host& host;
  System& system;
  const crypto::PrivateKey identity;
  const PeerId id;
  RateLimit up;
  RateLimit down;
  net::Upgrader upgrader;
  net::Swarm swarm;
  FixedTable table;
  RoundTrips trips;
  SwarmRpc rpc;
  LookupContext context;
  Finder finder;
  Publisher publisher;

  std::vector<PeerInfo> known;
  std::map<Bytes, std::vector<PeerInfo>> providers;
  std::map<Bytes, Bytes> values;
  /// Answers so much later; negative: never.
  Duration delay{};
  /// Of one stream; then it ends.
  std::size_t answers_per_stream = 1000;
  /// Changes each answer on its way.
  std::function<void(Message&)> twist;
  std::size_t requests = 0;

 private:
  Task<void> serve(net::ProtocolStream stream) {
    for (std::size_t i = 0; i < answers_per_stream;) {
      const auto bytes = co_await net::read_message(*stream.stream, Message::kMaxBytes);
      if (!bytes) break;
      ++requests;
      auto answer = answer_to(Message::decode(*bytes), stream.peer);
      if (!answer) continue;
      if (delay != Duration{}) co_await system.clock.sleep_for(delay < Duration{} ? 24h : delay);
      if (twist) twist(*answer);
      const Bytes encoded = answer->encode();
      co_await net::write_message(*stream.stream, encoded);
      ++i;
    }
    co_await stream.stream->close_write();
  }

  std::optional<Message> answer_to(const Message& request, const PeerId& from) {
    Message out = request;
    out.record.reset();
    switch (request.type) {
      case MessageType::add_provider:
        for (const PeerInfo& provider : request.providers) {
          auto& all = providers[request.key];
          const bool there = std::ranges::find(all, from, &PeerInfo::id) != all.end();
          if (provider.id == from && !there) all.push_back(provider);
        }
        return std::nullopt;
      case MessageType::put_value:
        values[request.key] = request.record->value;
        return request;
      case MessageType::get_value:
        if (values.contains(request.key)) {
          out.record =
              Record{.key = request.key, .value = values[request.key], .time_received = {}};
        }
        break;
      case MessageType::get_providers:
        out.providers = providers[request.key];
        break;
      default:
        break;
    }
    out.closer = closest_known(Key::of(request.key));
    return out;
  }

  std::vector<PeerInfo> closest_known(const Key& target) const {
    std::vector<PeerInfo> out = known;
    std::ranges::sort(out, [&](const PeerInfo& a, const PeerInfo& b) {
      return nearer(target, Key::of(a.id), Key::of(b.id));
    });
    if (out.size() > kReplication) out.erase(out.begin() + kReplication, out.end());
    return out;
  }
};

/// Nodes whose tables hold up to 20 of each bucket, as if they had been there for long.
class KadNet {
 public:
  explicit KadNet(std::uint32_t size, std::uint64_t seed = 1, Duration latency = 25ms)
      : world({.seed = seed, .path = {.latency = latency}}) {
    std::mt19937 chance(static_cast<std::uint32_t>(seed));
    for (std::uint32_t i = 0; i < size; ++i) {
      nodes.push_back(std::make_unique<KadNode>(world.add_host(), i + 1));
    }
    for (auto& node : nodes) fill(*node, chance);
  }

  KadNode& operator[](std::size_t index) { return *nodes[index]; }

  /// The nodes closest to `target` that are up, without the first, which asks.
  std::vector<KadNode*> closest(const Key& target, std::size_t count = kReplication) {
    std::vector<KadNode*> out;
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      if (nodes[i]->host.reachable()) out.push_back(nodes[i].get());
    }
    std::ranges::sort(out, [&](const KadNode* a, const KadNode* b) {
      return nearer(target, Key::of(a->id), Key::of(b->id));
    });
    if (out.size() > count) out.resize(count);
    return out;
  }

  sim::World world;
  std::vector<std::unique_ptr<KadNode>> nodes;

 private:
  void fill(KadNode& node, std::mt19937& chance) {
    std::map<std::size_t, std::vector<const KadNode*>> buckets;
    for (const auto& other : nodes) {
      if (other.get() == &node) continue;
      buckets[Key::of(node.id).common_prefix(Key::of(other->id))].push_back(other.get());
    }
    for (auto& [bits, bucket] : buckets) {
      for (std::size_t i = 0; i < std::min(bucket.size(), kReplication); ++i) {
        std::swap(bucket[i], bucket[i + chance() % (bucket.size() - i)]);
        node.knows(*bucket[i]);
      }
    }
  }
};

inline Bytes key_bytes(const std::string& name) {
  return to_bytes(Multihash::sha2_256(as_bytes(name)).encoded());
}

}  // namespace shoal::kad::testing
