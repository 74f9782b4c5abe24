// Round trips from the order to connect until a byte has come back, between two whole nodes in the
// simulator, for bench/round_trips: prints a JSON object for each way.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <exception>
#include <string>

#include "net/transport/quic/quic_address.h"
#include "node/node.h"
#include "system/sim/world.h"

namespace shoal {
namespace {

constexpr std::uint16_t kPort = 4001;
constexpr Duration kRoundTrip = 80ms;
constexpr const char* kProtocol = "/bench/byte/1.0.0";

class Pair {
 public:
  explicit Pair(bool quic)
      : quic_(quic),
        world_({.name = "round trips", .path = {.latency = kRoundTrip / 2}}),
        asking_(world_.add_host().system(), config()),
        answering_(world_.add_host().system(), config()) {
    answering_.swarm().protocols().add(kProtocol, answer, net::Replay::harmless);
    asking_.start();
    answering_.start();
    const Endpoint at{world_.host(1).address(), kPort};
    asking_.swarm().peers().add_address(answering_.id(),
                                        quic ? quic::quic_address(at) : Multiaddr::tcp(at),
                                        net::AddressSource::given_by_user, 24h);
  }
  ~Pair() {
    world_.run(asking_.stop());
    world_.run(answering_.stop());
  }

  double connect_and_ask() {
    const TimePoint begun = world_.now();
    const Duration taken = world_.run(ask()) - begun;
    return std::chrono::duration<double>(taken) / std::chrono::duration<double>(kRoundTrip);
  }

  void hang_up() {
    world_.run_for(5s);
    asking_.swarm().disconnect(answering_.id());
    world_.run_for(5s);
  }

 private:
  static Task<void> answer(net::ProtocolStream stream) {
    std::array<std::uint8_t, 1> byte{};
    co_await read_exactly(*stream.stream, byte);
    co_await write_all(*stream.stream, byte);
    co_await stream.stream->close_write();
  }

  Task<TimePoint> ask() {
    std::array<std::uint8_t, 1> byte{1};
    const net::ProtocolStream opened = co_await asking_.swarm().open(
        answering_.id(), {kProtocol}, {.replay = net::Replay::harmless});
    co_await write_all(*opened.stream, byte);
    co_await read_exactly(*opened.stream, byte);
    co_return world_.now();
  }

  node::Config config() const {
    const Endpoint any{IpAddress::any_v4(), kPort};
    return {.home = "/home",
            .listen = {quic_ ? quic::quic_address(any) : Multiaddr::tcp(any)},
            .connect = {},
            .agent = "shoal/bench",
            .quic = quic_,
            .ephemeral = true};
  }

  const bool quic_;
  sim::World world_;
  node::Node asking_;
  node::Node answering_;
};

void tell(const char* way, double round_trips) {
  fmt::print(R"({{"way": "{}", "round_trips": {:.3f}}})"
             "\n",
             way, round_trips);
}

void run() {
  tell("TCP", Pair(false).connect_and_ask());
  Pair pair(true);
  tell("QUIC", pair.connect_and_ask());
  pair.hang_up();
  tell("QUIC, resumed", pair.connect_and_ask());
}

}  // namespace
}  // namespace shoal

int main() {
  try {
    shoal::run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_round_trips: {}\n", error.what());
    return 1;
  }
}
