#include "node/node.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/limited_stream.h"
#include "net/transport/tcp/tcp.h"
#include "net/upgrade.h"
#include "node/identity.h"
#include "protocol/ping/ping.h"
#include "system/rate_limit.h"
#include "system/task_group.h"

namespace shoal::node {

namespace {

constexpr Duration kGivenAddressLifetime = 24h * 365;
// Of a peer that the user gave: how often we look whether it is still connected, and how long we
// leave it alone after dials that failed.
constexpr Duration kPeerLook = 5s;
constexpr Duration kLongestDialPause = 5min;

/// The folder, with those above it. A new one is for its owner alone: the index in it lists every
/// path that is shared.
std::string make_home(System& system, const std::string& home) {
  const std::string path = system.storage.absolute(home);
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string above = path.substr(0, at);
    if (!system.storage.info(above)) system.storage.make_folder(above);
  }
  const bool is_new = !system.storage.info(path);
  system.storage.make_folder(path);
  if (is_new) system.storage.set_mode(path, 0700);
  return path;
}

/// What nobody asked for takes no more than a quarter of what the user lets in.
net::ConnectionLimits connection_limits(const Config& config) {
  net::ConnectionLimits out;
  if (config.down > 0) {
    out.unasked_bytes_per_second =
        std::min(out.unasked_bytes_per_second, static_cast<double>(config.down) / 4);
  }
  return out;
}

std::vector<Multiaddr> default_listen() {
  return {Multiaddr::parse("/ip4/0.0.0.0/tcp/0"), Multiaddr::parse("/ip6/::/tcp/0")};
}

}  // namespace

/// In the order in which they need each other.
struct Node::Parts {
  Parts(System& world, Config wanted)
      : system(world),
        config(std::move(wanted)),
        home(make_home(world, config.home)),
        lock(world.storage.lock(home + "/lock")),
        key(load_identity(world, home)),
        up(world.clock, config.up),
        down(world.clock, config.down),
        upgrader(world, key, net::Bandwidth{up, down}),
        swarm(world, PeerId::from_public_key(key.public_key()), connection_limits(config)),
        identify(world, swarm, key, config.agent),
        store(world, home),
        bitswap(content::Bitswap::make(world, swarm, store)),
        tasks(world.waits, "node") {}

  /// Connects to a peer that the user gave, and again whenever the connection has ended.
  Task<void> stay_connected(PeerId peer);

  System& system;
  const Config config;
  const std::string home;
  const std::unique_ptr<FileLock> lock;
  const crypto::PrivateKey key;
  RateLimit up;
  RateLimit down;
  net::Upgrader upgrader;
  net::Swarm swarm;
  identify::Identify identify;
  content::BlockStore store;
  std::unique_ptr<content::Bitswap> bitswap;
  TaskGroup tasks;
};

Task<void> Node::Parts::stay_connected(PeerId peer) {
  Duration pause = kPeerLook;
  while (true) {
    try {
      co_await swarm.connect(peer);
      pause = kPeerLook;
    } catch (const Error& error) {
      log_info("cannot connect to {}: {}", peer.to_string(), error.what());
      pause = std::min(2 * pause, kLongestDialPause);
    }
    co_await system.clock.sleep_for(pause);
  }
}

Node::Node(System& system, Config config)
    : parts_(std::make_unique<Parts>(system, std::move(config))) {
  net::Swarm& swarm = parts_->swarm;
  swarm.add_transport(net::make_tcp_transport(system, parts_->upgrader));
  ping::serve(system, swarm);
  for (const Multiaddr& address : parts_->config.connect) {
    const auto peer = address.peer();
    if (!peer)
      throw Error(ErrorCode::usage, "the address does not end in /p2p/ID", address.to_string());
    swarm.peers().add_address(*peer, address.without_peer(), net::AddressSource::given_by_user,
                              kGivenAddressLifetime);
  }
}

Node::~Node() = default;

void Node::start() {
  const bool chosen = !parts_->config.listen.empty();
  std::size_t listening = 0;
  for (const Multiaddr& address : chosen ? parts_->config.listen : default_listen()) {
    try {
      parts_->swarm.listen(address);
      ++listening;
    } catch (const Error&) {
      // A machine may have no IPv6, or no IPv4; what the user chose must work.
      if (chosen) throw;
    }
  }
  if (listening == 0) throw Error(ErrorCode::failed, "no address to listen on", parts_->home);
  for (const Multiaddr& address : parts_->config.connect) {
    parts_->tasks.spawn(parts_->stay_connected(*address.peer()));
  }
}

Task<void> Node::stop() {
  co_await parts_->tasks.stop();
  co_await parts_->bitswap->stop();
  co_await parts_->identify.stop();
  co_await parts_->swarm.stop();
  co_await parts_->store.stop();
}

System& Node::system() {
  return parts_->system;
}

const PeerId& Node::id() const {
  return parts_->swarm.local_peer();
}

const Config& Node::config() const {
  return parts_->config;
}

net::Swarm& Node::swarm() {
  return parts_->swarm;
}

identify::Identify& Node::identify() {
  return parts_->identify;
}

content::BlockStore& Node::store() {
  return parts_->store;
}

content::Bitswap& Node::bitswap() {
  return *parts_->bitswap;
}

std::vector<Multiaddr> Node::addresses() const {
  std::vector<Multiaddr> out;
  for (const Multiaddr& address : parts_->swarm.listen_addresses()) {
    out.push_back(address.with_peer(id()));
  }
  return out;
}

}  // namespace shoal::node
