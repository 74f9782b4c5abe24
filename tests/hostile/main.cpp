#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/multiaddr.h"
#include "system/os/world.h"
#include "tests/hostile/kinds.h"

// A crowd of hostile peers on real sockets, for tests/hostile_e2e.py:
//
//   hostile_peer ADDRESS CONNECTIONS HOSTS WANTS [KIND...]
//
// holds CONNECTIONS connections to ADDRESS until it is stopped, every kind taking its turn, from
// HOSTS loopback addresses, or from HOSTS itself when it is an address. What the target ends is
// begun again after a short pause. WANTS: a file with a CID on each line, blocks that the target
// has. On SIGTERM it prints a line for each kind.

namespace shoal::hostile {

namespace {

constexpr Duration kPause = 200ms;
constexpr Duration kRefusedPause = 1s;

struct Count {
  std::size_t connected = 0;
  std::size_t refused = 0;
  std::size_t secured = 0;
};

struct Crowd {
  explicit Crowd(System& the_system, Target whom)
      : system(the_system), target(std::move(whom)), tasks(system.waits, "crowd") {}

  System& system;
  const Target target;
  Plan plan;
  std::map<std::string_view, Count> counts;
  TaskGroup tasks;
};

std::vector<IpAddress> sources(const std::string& hosts) {
  if (const auto one = IpAddress::parse(hosts)) return {*one};
  std::vector<IpAddress> out;
  for (std::size_t number = 0; number < std::stoul(hosts); ++number) {
    out.push_back(IpAddress::v4({127, 0, static_cast<std::uint8_t>(1 + number / 250),
                                 static_cast<std::uint8_t>(1 + number % 250)}));
  }
  return out;
}

Task<void> live(Crowd& crowd, Wire& wire, const Kind& kind) {
  if (kind.secured) {
    co_await wire.secure();
    ++crowd.counts[kind.name].secured;
  }
  co_await kind.run(wire, crowd.plan);
}

Task<void> one_life(Crowd& crowd, const Kind& kind, IpAddress source) {
  std::unique_ptr<Wire> wire;
  try {
    wire = co_await Wire::connect(crowd.system, crowd.target, source);
    ++crowd.counts[kind.name].connected;
  } catch (const Error&) {
    ++crowd.counts[kind.name].refused;
  }
  if (!wire) {
    co_await crowd.system.clock.sleep_for(kRefusedPause);
    co_return;
  }
  std::exception_ptr stopped;
  try {
    co_await live(crowd, *wire, kind);
  } catch (const Error&) {
    // The target ended it.
  } catch (...) {
    stopped = std::current_exception();
  }
  co_await wire->stop();
  if (stopped) std::rethrow_exception(stopped);
  co_await crowd.system.clock.sleep_for(kPause);
}

Task<void> attack(Crowd& crowd, const Kind& kind, IpAddress source) {
  while (true) co_await one_life(crowd, kind, source);
}

Task<void> run(os::World& world, Crowd& crowd, std::vector<const Kind*> chosen,
               std::size_t connections, std::vector<IpAddress> from) {
  for (std::size_t i = 0; i < connections; ++i) {
    crowd.tasks.spawn(attack(crowd, *chosen[i % chosen.size()], from[i % from.size()]));
  }
  co_await world.wait_for_signal();
  co_await crowd.tasks.stop();
  for (const auto& [name, count] : crowd.counts) {
    std::printf("%-34.*s connected %6zu  secured %6zu  refused %6zu\n",
                static_cast<int>(name.size()), name.data(), count.connected, count.secured,
                count.refused);
  }
}

int main(const std::vector<std::string>& words) {
  if (words.size() < 4) {
    std::fputs("usage: hostile_peer ADDRESS CONNECTIONS HOSTS WANTS [KIND...]\n", stderr);
    return 2;
  }
  const Multiaddr address = Multiaddr::parse(words[0]);
  os::World world;
  Crowd crowd(world.system(), {*address.without_peer().tcp_endpoint(), *address.peer()});
  std::ifstream wants(words[3]);
  for (std::string text; std::getline(wants, text);) crowd.plan.present.push_back(Cid::parse(text));
  std::vector<const Kind*> chosen;
  for (const Kind& kind : kinds()) {
    const bool named = std::ranges::find(words.begin() + 4, words.end(), kind.name) != words.end();
    if (words.size() == 4 || named) chosen.push_back(&kind);
  }
  if (chosen.empty()) throw Error(ErrorCode::usage, "no such kind");
  world.run(run(world, crowd, chosen, std::stoul(words[1]), sources(words[2])));
  return 0;
}

}  // namespace

}  // namespace shoal::hostile

int main(int argc, char** argv) {
  try {
    return shoal::hostile::main({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hostile_peer: %s\n", error.what());
    return 1;
  }
}
