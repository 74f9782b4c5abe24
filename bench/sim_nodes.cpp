// Whole nodes in one simulated world, for bench/sim: prints what they cost as a JSON object.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "node/node.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal {
namespace {

constexpr std::uint16_t kPort = 4001;
/// Within which the last that connected have identified each other: then the nodes are set up.
constexpr Duration kIdentifying = 2s;
/// Before memory is counted: deadlines of handshakes and the like end within this.
constexpr Duration kSettling = 2min;
/// Nodes that dial at once: what handshakes under way take is not what a connection takes.
constexpr std::uint32_t kDialersAtOnce = 100;

struct Options {
  std::uint32_t nodes = 10'000;
  std::uint32_t connections = 20;  // of each node, half of them dialled by it
  std::uint32_t idle_seconds = 60;
  bool on_disk = false;
};

struct Figures {
  double bytes_per_node = 0;
  double bytes_per_connection_end = 0;
  double cpu_ms_per_node = 0;
  double cpu_ms_per_connect = 0;
  double setup_seconds = 0;
  double idle_speed = 0;
  double rss_mb = 0;
  std::uint64_t trace_hash = 0;
};

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double heap_bytes() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

class NodesInAWorld {
 public:
  explicit NodesInAWorld(const Options& options) : options_(options) {}
  ~NodesInAWorld() {
    TaskGroup stopping(world_.waits(), "stopping");
    for (const auto& node : nodes_) stopping.spawn(node->stop());
    world_.run(stopping.join());
  }

  Figures measure() {
    Figures out;
    const double ends = static_cast<double>(options_.nodes) * (options_.connections / 2) * 2;
    const double empty = heap_bytes();
    const double begun = cpu_seconds();
    add_nodes();
    const double alone = heap_bytes();
    const double added = cpu_seconds();
    connect_all();
    const double connected = cpu_seconds();
    world_.run_for(kSettling);
    const double settled = cpu_seconds();
    out.bytes_per_node = (alone - empty) / options_.nodes;
    out.bytes_per_connection_end = (heap_bytes() - alone) / ends;
    out.cpu_ms_per_node = (added - begun) * 1000 / options_.nodes;
    out.cpu_ms_per_connect = (connected - added) * 1000 / (ends / 2);
    out.setup_seconds = connected - begun;
    world_.run_for(std::chrono::seconds(options_.idle_seconds));
    out.idle_speed = options_.idle_seconds / (cpu_seconds() - settled);
    out.rss_mb = peak_rss_mb();
    out.trace_hash = world_.trace_hash();
    return out;
  }

 private:
  void add_nodes() {
    for (std::uint32_t i = 0; i < options_.nodes; ++i) {
      sim::Host& host = world_.add_host();
      node::Config config{.home = "/home",
                          .listen = {Multiaddr::tcp({host.address(), kPort})},
                          .connect = {},
                          .agent = "shoal/bench",
                          .ephemeral = !options_.on_disk};
      nodes_.push_back(std::make_unique<node::Node>(host.system(), std::move(config)));
      nodes_.back()->start();
    }
    world_.run_for(1s);
  }

  Task<void> dial(std::uint32_t from, std::uint32_t to) {
    node::Node& node = *nodes_[from];
    node.swarm().peers().add_address(nodes_[to]->id(),
                                     Multiaddr::tcp({world_.host(to).address(), kPort}),
                                     net::AddressSource::given_by_user, 24h);
    co_await node.swarm().connect(nodes_[to]->id());
  }

  /// Others at distances that grow, so that nobody is dialled twice by the same node.
  Task<void> dial_all(std::uint32_t from) {
    for (std::uint32_t i = 0; i < options_.connections / 2; ++i) {
      const std::uint64_t distance =
          1 + std::uint64_t{i} * (options_.nodes / 2) / (options_.connections / 2 + 1);
      const auto to = static_cast<std::uint32_t>((from + distance) % options_.nodes);
      co_await dial(from, to);
    }
  }

  void connect_all() {
    for (std::uint32_t first = 0; first < options_.nodes; first += kDialersAtOnce) {
      TaskGroup dialling(world_.waits(), "dialling");
      for (std::uint32_t i = first; i < first + kDialersAtOnce && i < options_.nodes; ++i) {
        dialling.spawn(dial_all(i));
      }
      world_.run(dialling.join());
    }
    world_.run_for(kIdentifying);
    check_connected();
  }

  void check_connected() const {
    std::size_t ends = 0;
    for (const auto& node : nodes_) {
      for (const net::Connection* each : node->swarm().connections().all()) {
        ends += node->swarm().peers().protocols(each->peer()) != nullptr ? 1 : 0;
      }
    }
    const std::size_t wanted = std::size_t{options_.nodes} * (options_.connections / 2) * 2;
    if (ends != wanted) {
      fmt::print(stderr, "bench_sim: {} ends of connections that know each other instead of {}\n",
                 ends, wanted);
    }
  }

  const Options options_;
  sim::World world_{{.name = "bench", .path = {.latency = 20ms}}};
  std::vector<std::unique_ptr<node::Node>> nodes_;
};

Options parse(int count, char** words) {
  Options out;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto number = [&] {
      return i + 1 < count ? static_cast<std::uint32_t>(std::strtoul(words[++i], nullptr, 10)) : 0;
    };
    if (word == "--nodes") {
      out.nodes = number();
    } else if (word == "--connections") {
      out.connections = number();
    } else if (word == "--idle") {
      out.idle_seconds = number();
    } else if (word == "--on-disk") {
      out.on_disk = true;
    } else {
      fmt::print(stderr, "bench_sim: no option {}\n", word);
      std::exit(2);
    }
  }
  return out;
}

void print(const Options& options, const Figures& figures) {
  fmt::print(R"({{"nodes": {}, "connections": {}, "bytes_per_node": {:.0f}, )"
             R"("bytes_per_connection_end": {:.0f}, "cpu_ms_per_node": {:.3f}, )"
             R"("cpu_ms_per_connect": {:.3f}, "setup_seconds": {:.2f}, "idle_speed": {:.2f}, )"
             R"("rss_mb": {:.0f}, "trace_hash": "{:016x}"}})"
             "\n",
             options.nodes, options.connections, figures.bytes_per_node,
             figures.bytes_per_connection_end, figures.cpu_ms_per_node, figures.cpu_ms_per_connect,
             figures.setup_seconds, figures.idle_speed, figures.rss_mb, figures.trace_hash);
}

}  // namespace
}  // namespace shoal

int main(int count, char** words) {
  try {
    const shoal::Options options = shoal::parse(count, words);
    shoal::print(options, shoal::NodesInAWorld(options).measure());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_sim: {}\n", error.what());
    return 1;
  }
}
