#pragma once

#include <gtest/gtest.h>

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "net/swarm/swarm.h"
#include "net/transport/tcp/tcp.h"
#include "net/upgrade.h"
#include "system/rate_limit.h"
#include "system/sim/world.h"

namespace shoal::net::testing {

inline crypto::PrivateKey key_of(std::uint32_t seed) {
  std::array<std::uint8_t, 32> secret{};
  secret.fill(static_cast<std::uint8_t>(seed));
  secret[0] = static_cast<std::uint8_t>(secret[0] ^ (seed >> 8));
  secret[1] = static_cast<std::uint8_t>(secret[1] ^ (seed >> 16));
  return crypto::PrivateKey::ed25519_from_seed(secret);
}

struct TestNodeOptions {
  ConnectionLimits limits{};
  std::uint64_t up = 0;  // bytes per second
  std::uint64_t down = 0;
  UpgradeOptions upgrade{};
};

/// The connection stack of one node on one simulated host, listening on port 4001. Stops at the
/// end of its life.
class TestNode {
 public:
  static constexpr std::uint16_t kPort = 4001;

  explicit TestNode(sim::Host& its_host, TestNodeOptions options = {})
      : host(its_host),
        system(its_host.system()),
        identity(key_of(its_host.index() + 1)),
        id(PeerId::from_public_key(identity.public_key())),
        up(system.clock, options.up),
        down(system.clock, options.down),
        upgrader(system, identity, Bandwidth{up, down}, std::move(options.upgrade)),
        swarm(system, id, options.limits) {
    swarm.add_transport(make_tcp_transport(system, upgrader));
    swarm.listen(Multiaddr::tcp({IpAddress::any_v4(), kPort}));
  }

  ~TestNode() {
    try {
      stop();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "stopping " << host.name() << ": " << error.what();
    }
  }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  void stop() {
    if (!std::exchange(stopped_, true)) host.world().run(swarm.stop());
  }

  Multiaddr address() const { return Multiaddr::tcp({host.address(), kPort}); }

  void knows(const PeerId& peer, const Multiaddr& where) {
    swarm.peers().add_address(peer, where, AddressSource::given_by_user, 24h);
  }
  void knows(const TestNode& other) { knows(other.id, other.address()); }

  ConnectionId connect(const TestNode& other) {
    knows(other);
    return host.world().run(swarm.connect(other.id));
  }

  sim::Host& host;
  System& system;
  const crypto::PrivateKey identity;
  const PeerId id;
  RateLimit up;
  RateLimit down;
  Upgrader upgrader;
  Swarm swarm;

 private:
  bool stopped_ = false;
};

/// A world with nodes on hosts of their own, all of them the same way from each other.
class TestNet {
 public:
  explicit TestNet(Duration latency = 25ms) : world({.path = {.latency = latency}}) {}

  TestNode& add(TestNodeOptions options = {}, sim::HostOptions host = {}) {
    nodes_.push_back(std::make_unique<TestNode>(world.add_host(std::move(host)), options));
    return *nodes_.back();
  }

  sim::World world;

 private:
  std::vector<std::unique_ptr<TestNode>> nodes_;
};

/// How a task ended, by its error; none when it did not fail.
template <class T>
Task<std::optional<Error>> failure_of(Task<T> task) {
  try {
    co_await std::move(task);
  } catch (const Error& error) {
    co_return error;
  }
  co_return std::nullopt;
}

inline Task<Bytes> read_to_end(Stream& stream) {
  Bytes out;
  Bytes buffer(64 * 1024);
  while (true) {
    const std::size_t got = co_await stream.read_some(buffer);
    if (got == 0) break;
    append(out, ByteView(buffer).first(got));
  }
  co_return out;
}

/// Sends back all that it reads.
inline Task<void> echo(ProtocolStream accepted) {
  Bytes buffer(64 * 1024);
  while (true) {
    const std::size_t got = co_await accepted.stream->read_some(buffer);
    if (got == 0) break;
    co_await write_all(*accepted.stream, ByteView(buffer).first(got));
  }
  co_await accepted.stream->close_write();
}

inline constexpr const char* kEcho = "/test/echo/1";

/// Without a period that a test could mistake for order.
inline Bytes pattern_bytes(std::size_t count, std::uint64_t salt = 0) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<std::uint8_t>((i + salt * 1'000'003) * 0x9e3779b97f4a7c15U >> 56);
  }
  return out;
}

}  // namespace shoal::net::testing
