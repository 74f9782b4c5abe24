// One transfer over a simulated line that loses packets, for bench/lossy: prints as a JSON object
// what part of the line it used.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string_view>

#include "base/log.h"
#include "net/transport/quic/quic_address.h"
#include "node/node.h"
#include "protocol/perf/perf.h"
#include "system/sim/world.h"

namespace shoal {
namespace {

constexpr std::uint16_t kPort = 4001;

struct Options {
  std::uint64_t bytes = 64 << 20;
  double loss = 0.01;  // of packets, each way
  Duration round_trip = 40ms;
  std::uint64_t bytes_per_second = 25'000'000;
  std::uint64_t queue_bytes = 0;  // 0: what the line carries in 100 ms
  bool quic = true;
  std::uint64_t seed = 1;
};

class Line {
 public:
  explicit Line(const Options& options)
      : options_(options),
        world_({.name = "lossy",
                .seed = options.seed,
                .path = {.latency = options.round_trip / 2, .loss = options.loss}}),
        sender_(host().system(), config()),
        receiver_(host().system(), config()) {
    perf::serve(world_.host(0).system(), sender_.swarm());
  }
  ~Line() {
    world_.run(receiver_.stop());
    world_.run(sender_.stop());
  }

  /// Seconds from the request to the last byte.
  double transfer() {
    sender_.start();
    receiver_.start();
    const Endpoint at{world_.host(0).address(), kPort};
    receiver_.swarm().peers().add_address(
        sender_.id(), options_.quic ? quic::quic_address(at) : Multiaddr::tcp(at),
        net::AddressSource::given_by_user, 24h);
    world_.run(receiver_.swarm().connect(sender_.id()));
    perf::Perf perf(world_.host(1).system(), receiver_.swarm());
    const perf::Measurement told = world_.run(perf.download(sender_.id(), options_.bytes));
    return std::chrono::duration<double>(told.time).count();
  }

 private:
  sim::Host& host() {
    return world_.add_host({.up = options_.bytes_per_second,
                            .down = options_.bytes_per_second,
                            .queue_bytes = options_.queue_bytes});
  }

  node::Config config() const {
    const Endpoint any{IpAddress::any_v4(), kPort};
    return {.home = "/home",
            .listen = {options_.quic ? quic::quic_address(any) : Multiaddr::tcp(any)},
            .connect = {},
            .agent = "shoal/bench",
            .quic = options_.quic,
            .ephemeral = true};
  }

  const Options options_;
  sim::World world_;
  node::Node sender_;
  node::Node receiver_;
};

double number(const char* text) {
  return std::strtod(text, nullptr);
}

bool parse(int count, char** words, Options& into) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view flag = words[i];
    const double value = number(words[i + 1]);
    if (flag == "--mib") {
      into.bytes = static_cast<std::uint64_t>(value * (1 << 20));
    } else if (flag == "--loss") {
      into.loss = value / 100;
    } else if (flag == "--rtt") {
      into.round_trip = Duration(static_cast<Duration::rep>(value * 1e6));
    } else if (flag == "--mbit") {
      into.bytes_per_second = static_cast<std::uint64_t>(value * 125'000);
    } else if (flag == "--queue-ms") {
      into.queue_bytes = static_cast<std::uint64_t>(value);
    } else if (flag == "--seed") {
      into.seed = static_cast<std::uint64_t>(value);
    } else if (flag == "--transport") {
      into.quic = std::string_view(words[i + 1]) == "quic";
    } else {
      return false;
    }
  }
  into.queue_bytes = into.queue_bytes * into.bytes_per_second / 1000;
  return count % 2 == 1;
}

}  // namespace
}  // namespace shoal

int main(int argc, char** argv) {
  shoal::Options options;
  if (!shoal::parse(argc, argv, options)) {
    fmt::print(stderr,
               "usage: bench_lossy [--mib N] [--loss PERCENT] [--rtt MS] [--mbit N] [--queue-ms N] "
               "[--seed N] [--transport quic|tcp]\n");
    return 2;
  }
  try {
    shoal::Line line(options);
    const double taken = line.transfer();
    const double rate = static_cast<double>(options.bytes) / taken;
    fmt::print(
        R"({{"seconds": {:.3f}, "mb_per_second": {:.2f}, "of_line": {:.3f}, "cpu_seconds": {:.2f}}})"
        "\n",
        taken, rate / 1e6, rate / static_cast<double>(options.bytes_per_second),
        static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_lossy: {}\n", error.what());
    return 1;
  }
  return 0;
}
