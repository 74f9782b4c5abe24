#include "lab/idle_client.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "base/error.h"
#include "node/node.h"
#include "node/status.h"
#include "protocol/kad/saved_peers.h"
#include "system/sim/random.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::lab {

namespace {

constexpr std::uint16_t kIdlePort = 4001;
constexpr const char* kIdleHome = "/home";
constexpr Duration kIdleLook = 10s;
constexpr Duration kUsualRoundTrip = 80ms;

/// Of a network of one's own, where a DHT does not count how many are of one range of addresses.
sim::HostOptions host_at_home(std::size_t number) {
  const auto low = static_cast<std::uint8_t>(1 + number % 250);
  const auto high = static_cast<std::uint8_t>(number / 250);
  sim::HostOptions out;
  out.addresses = {IpAddress::v4({10, 1, high, low})};
  return out;
}

/// A key that shares exactly so many bits with another.
kad::Key sharing(const kad::Key& key, std::size_t prefix) {
  std::array<std::uint8_t, kad::Key::kBytes> bytes{};
  std::ranges::copy(key.bytes(), bytes.begin());
  bytes[prefix / 8] ^= static_cast<std::uint8_t>(0x80 >> prefix % 8);
  return kad::Key::at(bytes);
}

/// Whole nodes in a network of their own. All but the last serve.
class IdleNet {
 public:
  explicit IdleNet(const IdleClientOptions& options)
      : options_(options),
        world_({.name = "idle client", .seed = options.seed, .path = {.latency = 40ms}}),
        random_(options.seed, 6) {
    SHOAL_CHECK(options.nodes >= 2);
    for (std::size_t i = 0; i + 1 < options.nodes; ++i) add(true, {});
    for (std::size_t i = 0; i < nodes_.size(); ++i) fill_table(i);
    for (const auto& node : nodes_) node->start();
    world_.run_for(1s);
    const Multiaddr way_in = nodes_[random_.below(nodes_.size())]->addresses().front();
    add(false, {way_in}).start();
  }

  ~IdleNet() {
    TaskGroup stopping(world_.waits(), "stopping");
    for (const auto& node : nodes_) stopping.spawn(node->stop());
    world_.run(stopping.join());
  }

  node::Node& client() { return *nodes_.back(); }
  sim::World& world() { return world_; }

  /// As `shoal status` reads it.
  node::Running::Traffic client_traffic() {
    sim::Host& host = world_.host(static_cast<std::uint32_t>(nodes_.size() - 1));
    const auto running = node::running_nodes(host.system().storage, kIdleHome);
    SHOAL_CHECK(running.size() == 1 && running.front().running);
    return running.front().running->traffic;
  }

 private:
  node::Node& add(bool server, std::vector<Multiaddr> bootstrap) {
    sim::Host& host = world_.add_host(host_at_home(nodes_.size()));
    node::Config config{.home = kIdleHome,
                        .listen = {Multiaddr::tcp({host.address(), kIdlePort})},
                        .connect = {},
                        .bootstrap = std::move(bootstrap),
                        .dht = true,
                        .dht_server = server,
                        .agent = "shoal/lab",
                        .ephemeral = server};  // only what is on disk says what the client moves
    config.key = crypto::PrivateKey::ed25519_from_seed(random_.bytes(32));
    nodes_.push_back(std::make_unique<node::Node>(host.system(), std::move(config)));
    keys_.push_back(kad::Key::of(nodes_.back()->id()));
    return *nodes_.back();
  }

  kad::SavedPeer describe(std::size_t index) {
    sim::Host& host = world_.host(static_cast<std::uint32_t>(index));
    return {.id = nodes_[index]->id(),
            .ip = host.address(),
            .round_trip = kUsualRoundTrip,
            .addresses = {Multiaddr::tcp({host.address(), kIdlePort})}};
  }

  /// Up to 20 random nodes of each bucket, all of them known to be of use.
  void fill_table(std::size_t index) {
    std::map<std::size_t, std::vector<std::size_t>> buckets;
    for (std::size_t other = 0; other < nodes_.size(); ++other) {
      if (other != index) buckets[keys_[index].common_prefix(keys_[other])].push_back(other);
    }
    std::vector<kad::SavedPeer> peers;
    for (auto& [prefix, bucket] : buckets) {
      for (std::size_t i = 0; i < std::min(bucket.size(), kad::kReplication); ++i) {
        std::swap(bucket[i], bucket[i + random_.below(bucket.size() - i)]);
        peers.push_back(describe(bucket[i]));
      }
    }
    kad::Dht& dht = nodes_[index]->dht()->dht();
    dht.restore_peers(kad::encode_saved_peers(peers));
    for (const kad::SavedPeer& peer : peers) {
      dht.table().useful(peer.id, peer.round_trip, world_.now());
    }
    // Nobody asks a client, so what the others do about their tables does not reach it. They leave
    // them as they are, which saves most of the simulation.
    const TimePoint fresh = world_.now() + options_.settling + options_.watched;
    for (std::size_t prefix = 0; prefix <= kad::RoutingTable::kMaxRefreshedPrefix; ++prefix) {
      dht.table().looked_up(sharing(keys_[index], prefix), fresh);
    }
  }

  const IdleClientOptions options_;
  sim::World world_;
  sim::SeededRandom random_;
  std::vector<std::unique_ptr<node::Node>> nodes_;
  std::vector<kad::Key> keys_;
};

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

IdleClient watch_idle_client(const IdleClientOptions& options) {
  IdleNet net(options);
  net.world().run_for(options.settling);
  IdleClient out;
  const node::Running::Traffic begun = net.client_traffic();
  const TimePoint begin = net.world().now();
  std::size_t looks = 0;
  while (net.world().now() < begin + options.watched) {
    net.world().run_for(kIdleLook);
    const node::Running::Traffic now = net.client_traffic();
    out.most_connections = std::max(out.most_connections, now.connections);
    out.mean_connections += static_cast<double>(now.connections);
    out.most_in_rate = std::max(out.most_in_rate, static_cast<double>(now.in_rate));
    out.most_out_rate = std::max(out.most_out_rate, static_cast<double>(now.out_rate));
    ++looks;
  }
  const node::Running::Traffic ended = net.client_traffic();
  const double watched = seconds(net.world().now() - begin);
  out.mean_connections /= static_cast<double>(std::max<std::size_t>(1, looks));
  out.in_rate = static_cast<double>(ended.in_bytes - begun.in_bytes) / watched;
  out.out_rate = static_cast<double>(ended.out_bytes - begun.out_bytes) / watched;
  out.peers_known = net.client().dht()->dht().table().size();
  out.trace_hash = net.world().trace_hash();
  return out;
}

}  // namespace shoal::lab
