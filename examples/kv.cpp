// `kv NAME [--at ADDRESS] [--by ADDRESS]`: lines KEY=VALUE set, all nodes that know NAME have it;
// prints its own address first, and everything when its input ends. `kv simulate FIRST [LAST]`
// tears five nodes apart in a simulation of each seed while they write; do they agree afterwards?
#include "kv.h"

#include <algorithm>
#include <deque>
#include <iostream>

namespace {

using namespace std::chrono_literals;

int run(const std::vector<std::string>& words) {
  shoal::NodeOptions options{.lan = true};
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    (words[i] == "--at" ? options.listen : options.bootstrap).push_back(words[i + 1]);
  }
  shoal::Node node(std::move(options));
  node.start();
  std::cout << node.addresses().front() << std::endl;
  Kv kv(node, words[0]);
  for (std::string line; std::getline(std::cin, line);) {
    const auto middle = line.find('=');
    if (middle != line.npos) node.run(kv.set(line.substr(0, middle), line.substr(middle + 1)));
  }
  node.stop();
  for (const auto& [key, entry] : kv.entries()) std::cout << key << "=" << entry.value << std::endl;
  return 0;
}

/// How long after the two networks are one again all have the same; an hour: not at all.
std::chrono::nanoseconds simulate(std::uint64_t seed) {
  shoal::Simulation world({.seed = seed});
  std::vector<shoal::SimulatedHost> hosts;
  std::deque<shoal::Node> nodes;
  std::deque<Kv> maps;
  for (std::size_t i = 0; i < 5; ++i) {
    hosts.push_back(world.add_host({.loss = 0.01}));
    shoal::NodeOptions options;
    if (i > 0) options.bootstrap = {nodes.front().addresses().front()};
    nodes.emplace_back(hosts.back(), std::move(options)).start();
    maps.emplace_back(nodes.back(), "test");
  }
  world.run_for(20s);
  const auto cut = hosts.begin() + 1 + static_cast<long>(seed % 4);
  world.partition({hosts.begin(), cut}, {cut, hosts.end()});
  for (std::size_t i = 0; i < 50; ++i) {
    Kv& kv = maps[i % 5];
    nodes[i % 5].run(kv.set("shared", std::to_string(i)));
    nodes[i % 5].run(kv.set("key" + std::to_string(i), "value"));
    world.run_for(2s);
  }
  world.heal();
  const auto began = world.now();
  const auto is_like_first = [&](const Kv& kv) { return kv.entries() == maps[0].entries(); };
  const auto agree = [&] {
    return maps[0].entries().size() == 51 && std::ranges::all_of(maps, is_like_first);
  };
  while (!agree() && world.now() - began < 1h) world.run_for(1s);
  for (shoal::Node& node : nodes) node.stop();
  return world.now() - began;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) return 2;
  if (words[0] != "simulate") return run(words);
  bool agreed = true;
  for (auto seed = std::stoull(words.at(1)); seed <= std::stoull(words.back()); ++seed) {
    const auto took = simulate(seed);
    agreed = agreed && took < 1h;
    std::cout << "seed " << seed << (took < 1h ? ": equal after " : ": NOT EQUAL after ")
              << took / 1s << " s" << std::endl;
  }
  return agreed ? 0 : 1;
}
