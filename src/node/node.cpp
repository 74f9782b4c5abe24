#include "node/node.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "content/connected_peers.h"
#include "format/peer_record.h"
#include "net/limited_stream.h"
#include "net/transport/quic/quic.h"
#include "net/transport/tcp/tcp.h"
#include "net/transport/websocket/websocket.h"
#include "net/upgrade.h"
#include "node/identity.h"
#include "node/listen.h"
#include "node/module.h"
#include "node/networks.h"
#include "node/own_addresses.h"
#include "node/peer_memory.h"
#include "node/peer_report.h"
#include "node/port_mapping.h"
#include "node/relaying.h"
#include "node/shared_index.h"
#include "protocol/perf/perf.h"
#include "protocol/pex/exchange.h"
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
// That other getters of the same content are told.
constexpr std::size_t kMaxNamedAddresses = 16;

/// What nobody asked for takes no more than a quarter of what the user lets in.
net::ConnectionLimits connection_limits(const Config& config) {
  net::ConnectionLimits out;
  if (config.down > 0) {
    out.unsolicited_bytes_per_second =
        std::min(out.unsolicited_bytes_per_second, static_cast<double>(config.down) / 4);
  }
  return out;
}

/// A node beside the first one of its home begins with what that has learnt.
std::string index_folder(System& system, const Home& home, const Config& config) {
  if (!home.is_first() && !config.ephemeral) copy_index(system, home);
  return home.folder();
}

}  // namespace

/// In the order in which they need each other.
struct Node::Parts {
  Parts(System& world, Config wanted)
      : system(world),
        config(std::move(wanted)),
        home(world, config.home),
        key(config.key ? *config.key : load_identity(world, home.folder())),
        up(world.clock, config.up),
        down(world.clock, config.down),
        upgrader(world, key, net::Bandwidth{up, down}, config.upgrade),
        swarm(world, PeerId::from_public_key(key.public_key()),
              connection_limits(config).within(world.network.max_open_files())),
        identify(world, swarm, key, config.agent),
        relaying(world, swarm, identify, key, upgrader, config),
        own_addresses(world, swarm, identify, net::Bandwidth{up, down}, config),
        port_mapping(world, swarm, config,
                     [this](const Multiaddr& address) {
                       return own_addresses.reachability().state(address) == autonat::Reachable::no;
                     }),
        exchange(world, swarm, [this] { return own_record(); }),
        store(world, index_folder(world, home, config),
              config.ephemeral ? content::Persistence::ephemeral : content::Persistence::on_disk),
        running(world.storage, config.ephemeral ? std::string() : home.folder()),
        bitswap(content::Bitswap::make(world, swarm, store)),
        routing(world, swarm),
        connected_peers(world, *bitswap),
        networks(world, swarm, routing, config, home),
        topics(world, swarm, routing, key),
        peer_report(world, swarm, net::Bandwidth{up, down}, topics, running),
        peer_memory(world, swarm.peers(), home, config.ephemeral),
        done_listener(world, swarm),
        tasks(world.waits, "node"),
        modules{ending(store),
                {.stop = [this] { return own_addresses.stop_dialling(); }},
                ending(swarm),
                ending(identify),
                module_of(relaying),
                module_of(own_addresses),
                module_of(port_mapping),
                ending(exchange),
                ending(*bitswap),
                module_of(networks),
                ending(routing),
                ending(topics),
                module_of(peer_report),
                module_of(peer_memory),
                ending(tasks)} {}

  /// Connects to a peer that the user gave, and again whenever the connection has ended.
  Task<void> stay_connected(PeerId peer);
  void announce(const Multiaddr& address);
  std::vector<Multiaddr> addresses() const;
  /// What other processes read of this node.
  void describe();
  void addresses_changed();
  /// Lets the parts that deal with addresses of this node know of one another.
  void join_addresses();
  /// As identify shows it.
  Bytes own_record() const;
  System& system;
  const Config config;
  const Home home;
  const crypto::PrivateKey key;
  RateLimit up;
  RateLimit down;
  net::Upgrader upgrader;
  net::Swarm swarm;
  identify::Identify identify;
  Relaying relaying;
  OwnAddresses own_addresses;
  PortMapping port_mapping;
  pex::Exchange exchange;
  content::BlockStore store;
  RunningFile running;
  std::unique_ptr<content::Bitswap> bitswap;
  std::optional<std::uint16_t> port_taken;
  std::function<void(const PeerId&, const std::string&)> when_unreachable;
  std::function<void()> when_addresses_changed;
  routing::Routing routing;
  content::ConnectedPeers connected_peers;
  Networks networks;
  service::Topics topics;
  PeerReport peer_report;
  PeerMemory peer_memory;
  service::DoneListener done_listener;
  TaskGroup tasks;
  /// Stopped in reverse: who asks before who is asked.
  const std::vector<Module> modules;
};

Task<void> Node::Parts::stay_connected(PeerId peer) {
  Duration pause = kPeerLook;
  while (true) {
    try {
      co_await swarm.connect(peer);
      pause = kPeerLook;
    } catch (const Error& error) {
      log_info("cannot connect to {}: {}", peer.to_string(), error.what());
      if (pause == kPeerLook && when_unreachable) when_unreachable(peer, error.message());
      pause = std::min(2 * pause, kLongestDialPause);
    }
    co_await system.clock.sleep_for(pause);
  }
}

Bytes Node::Parts::own_record() const {
  std::vector<Multiaddr> addresses = swarm.listen_addresses();
  if (addresses.size() > kMaxNamedAddresses) addresses.resize(kMaxNamedAddresses);
  const auto sequence = system.clock.wall_now().time_since_epoch().count();
  return seal_peer_record(key, static_cast<std::uint64_t>(sequence), addresses);
}

void Node::Parts::announce(const Multiaddr& address) {
  const auto peer = address.peer();
  if (peer && *peer != swarm.local_peer()) {
    throw Error(ErrorCode::usage, "this address is another peer's", address.to_string(),
                "announce one without /p2p/ID");
  }
  swarm.announce(peer ? address.without_peer() : address);
}

std::vector<Multiaddr> Node::Parts::addresses() const {
  std::vector<Multiaddr> out;
  for (const Multiaddr& address : swarm.listen_addresses()) {
    out.push_back(address.with_peer(swarm.local_peer()));
  }
  return out;
}

void Node::Parts::describe() {
  running.describe({.peer_id = swarm.local_peer().to_string(),
                    .addresses = addresses(),
                    .agent = config.agent,
                    .protocols = swarm.protocols().names(),
                    .served = {}});
}

void Node::Parts::addresses_changed() {
  describe();
  identify.push();
  if (when_addresses_changed) when_addresses_changed();
}

void Node::Parts::join_addresses() {
  const auto mapped = [this] { return port_mapping.addresses(); };
  own_addresses.also_try(mapped);
  relaying.when_mapped(mapped, [this](const Multiaddr& address) {
    const bool reached = own_addresses.reachability().state(address) == autonat::Reachable::yes;
    const std::vector<Multiaddr> unsure = port_mapping.addresses();
    return !reached && std::ranges::find(unsure, address) != unsure.end();
  });
  relaying.when_changed([this] { addresses_changed(); });
  port_mapping.when_changed([this] {
    addresses_changed();
    relaying.addresses_changed();
  });
  own_addresses.when_changed([this] {
    if (own_addresses.reachability().is_reachable()) {
      relaying.offer();
      networks.reachable();
    }
    port_mapping.reconsider();
    addresses_changed();
    relaying.addresses_changed();
  });
}

Node::Node(System& system, Config config)
    : parts_(std::make_unique<Parts>(system, std::move(config))) {
  if (parts_->home.is_first() && !parts_->config.ephemeral)
    take_over_indexes(system, parts_->home, parts_->store);
  for (const Multiaddr& address : parts_->config.announce) parts_->announce(address);
  net::Swarm& swarm = parts_->swarm;
  swarm.add_transport(net::make_tcp_transport(system, parts_->upgrader));
  swarm.add_transport(net::make_websocket_transport(system, parts_->upgrader));
  if (parts_->config.speaks_quic()) {
    swarm.add_transport(net::make_quic_transport(system, parts_->upgrader));
  }
  ping::serve(system, swarm);
  perf::serve(system, swarm, perf::Audience::nearby);
  parts_->routing.add(parts_->connected_peers);
  parts_->bitswap->when_saturated([&up = parts_->up] { return up.saturated(); });
  const auto identified = [this](const PeerId& peer) {
    parts_->networks.identified(peer);
    parts_->relaying.identified(peer);
    parts_->topics.identified(peer);
  };
  parts_->identify.when_identified(identified);
  parts_->identify.when_pushed([this](const PeerId& peer) {
    parts_->networks.identified(peer);
    parts_->topics.identified(peer);
  });
  for (const Multiaddr& address : parts_->config.connect) {
    const auto peer = address.peer();
    if (!peer)
      throw Error(ErrorCode::usage, "the address does not end in /p2p/ID", address.to_string());
    swarm.peers().add_address(*peer, address.without_peer(), net::AddressSource::given_by_user,
                              kGivenAddressLifetime);
  }
}

Node::~Node() = default;

void Node::set_limits(const RunningLimits& limits) {
  if (limits.up) parts_->up.set_rate(*limits.up);
  if (limits.down) parts_->down.set_rate(*limits.down);
}

void Node::start() {
  parts_->port_taken = listen_on(parts_->system, parts_->swarm, parts_->config.listen,
                                 parts_->home.folder(), parts_->config.speaks_quic());
  for (const Module& part : parts_->modules) part.start();
  parts_->describe();
  parts_->join_addresses();
  for (const Multiaddr& address : parts_->config.connect) {
    parts_->swarm.manager().protect(*address.peer(), "connect");
    parts_->tasks.spawn(parts_->stay_connected(*address.peer()));
  }
}

Task<void> Node::stop() {
  for (auto part = parts_->modules.rbegin(); part != parts_->modules.rend(); ++part) {
    co_await part->stop();
  }
}

std::uint64_t Node::bytes_sent() const {
  return parts_->up.total();
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

const Home& Node::home() const {
  return parts_->home;
}

std::optional<std::uint16_t> Node::port_taken() const {
  return parts_->port_taken;
}

void Node::when_unreachable(
    std::function<void(const PeerId&, const std::string& reason)> callback) {
  parts_->when_unreachable = std::move(callback);
}

void Node::when_addresses_changed(std::function<void()> callback) {
  parts_->when_addresses_changed = std::move(callback);
}

bool Node::awaits_relay() const {
  return parts_->relaying.awaits_place();
}

void Node::when_relay_refused(
    std::function<void(const PeerId&, const std::string& reason)> callback) {
  parts_->relaying.when_refused(std::move(callback));
}

const autonat::Reachability& Node::reachability() const {
  return parts_->own_addresses.reachability();
}

const portmap::PortMapper* Node::port_mapper() const {
  return parts_->port_mapping.mapper();
}

const relay::Server* Node::relay_server() const {
  return parts_->relaying.server();
}

std::unique_ptr<RunningFile::Entry> Node::tell_served(Running::Served served) {
  return parts_->running.add(std::move(served));
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

service::DoneListener& Node::done_listener() {
  return parts_->done_listener;
}

service::Topics& Node::topics() {
  return parts_->topics;
}

routing::DhtNetwork* Node::dht() {
  return parts_->networks.dht();
}

routing::Routing& Node::routing() {
  return parts_->routing;
}

service::Context Node::context() {
  return {parts_->system,   parts_->swarm,   parts_->store,
          *parts_->bitswap, parts_->routing, &parts_->exchange};
}

std::vector<Multiaddr> Node::addresses() const {
  return parts_->addresses();
}

}  // namespace shoal::node
