// One topic and many nodes in one simulated world, for bench/gossip: plain gossipsub 1.2 and the
// extension "trees" by turns, from the same seeds. Prints a JSON object for each scenario.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "lab/gossip_attacks.h"
#include "lab/gossip_net.h"

namespace shoal {
namespace {

using lab::GossipAttack;
using lab::GossipNet;
using lab::Spreading;

constexpr std::size_t kPublishers = 10;
constexpr Duration kFormMeshes = 20s;
constexpr double kKilled = 0.1;

struct Options {
  std::size_t nodes = 1000;
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 10;
  std::string scenario;    // empty: all
  std::size_t sybils = 0;  // 0: four for each node
};

struct Scenario {
  std::string name;
  std::size_t message_bytes;
  std::size_t warm_up_rounds;  // messages of each publisher that do not count: trees form
  std::size_t messages;        // that count
  Duration interval;
  double killed = 0;
  double bytes_per_second = 0;
  std::size_t scale = 1;
};

const std::array<Scenario, 3> kScenarios = {{
    {.name = "small",
     .message_bytes = 200,
     .warm_up_rounds = 3,
     .messages = 4 * kPublishers,
     .interval = 500ms},
    {.name = "killed",
     .message_bytes = 200,
     .warm_up_rounds = 3,
     .messages = 4 * kPublishers,
     .interval = 500ms,
     .killed = kKilled},
    {.name = "large",
     .message_bytes = 1'000'000,
     .warm_up_rounds = 0,
     .messages = 4,
     .interval = 10s,
     .bytes_per_second = 50e6 / 8,
     .scale = 128},
}};

/// Of all seeds together.
struct Summary {
  std::vector<double> seconds;
  double delivered = 1;  // in the worst run
  double duplicates = 0;
  double bytes = 0;
  double sybils_in_meshes = 0;
  std::size_t runs = 0;
  std::uint64_t trace_hash = 0;
  double cpu_seconds = 0;

  void add(const GossipNet::Result& result, std::uint64_t hash) {
    seconds.insert(seconds.end(), result.seconds.begin(), result.seconds.end());
    delivered = std::min(delivered, result.delivered);
    duplicates += result.duplicates();
    bytes += result.bytes;
    ++runs;
    trace_hash = trace_hash * 31 + hash;
  }
  double milliseconds(double percent) {
    if (seconds.empty()) return 0;
    const auto rank = static_cast<std::size_t>(percent / 100 * static_cast<double>(seconds.size()));
    const auto at =
        seconds.begin() + static_cast<std::ptrdiff_t>(std::min(rank, seconds.size() - 1));
    std::ranges::nth_element(seconds, at);
    return *at * 1000;
  }
};

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void run(const Scenario& scenario, Spreading spreading, const Options& options, std::uint64_t seed,
         Summary& into) {
  const double begun = cpu_seconds();
  GossipNet net({.nodes = options.nodes,
                 .spreading = spreading,
                 .publishers = kPublishers,
                 .links = {.bytes_per_second = scenario.bytes_per_second},
                 .scale = scenario.scale},
                seed);
  net.run_for(kFormMeshes);
  for (std::size_t i = 0; i < scenario.warm_up_rounds * kPublishers; ++i) {
    net.publish(scenario.message_bytes, false);
    net.run_for(scenario.interval);
  }
  net.run_for(5s);
  if (scenario.killed > 0) net.let_go(scenario.killed);
  net.begin_measuring();
  for (std::size_t i = 0; i < scenario.messages; ++i) {
    net.publish(scenario.message_bytes);
    net.run_for(scenario.interval);
  }
  net.run_for(10s);
  into.add(net.result(), net.trace_hash());
  into.cpu_seconds += cpu_seconds() - begun;
}

std::string as_json(Summary& summary, std::size_t message_bytes) {
  const auto runs = static_cast<double>(summary.runs);
  return fmt::format(
      R"({{"p50_ms": {:.1f}, "p99_ms": {:.1f}, "max_ms": {:.1f}, "duplicates": {:.3f}, )"
      R"("traffic": {:.3f}, "delivered_percent": {:.4f}, "sybils_in_meshes_percent": {:.1f}, )"
      R"("cpu_seconds": {:.1f}, "trace_hash": "{:016x}"}})",
      summary.milliseconds(50), summary.milliseconds(99), summary.milliseconds(100),
      summary.duplicates / runs, summary.bytes / runs / static_cast<double>(message_bytes),
      100 * summary.delivered, 100 * summary.sybils_in_meshes / runs, summary.cpu_seconds,
      summary.trace_hash);
}

std::string head(const Options& options, std::string_view name, std::size_t message_bytes) {
  return fmt::format(R"("scenario": "{}", "nodes": {}, "message_bytes": {}, "first_seed": {}, )"
                     R"("seeds": {})",
                     name, options.nodes, message_bytes, options.first_seed, options.seeds);
}

void run_scenario(const Scenario& scenario, const Options& options) {
  Summary plain;
  Summary trees;
  for (std::uint64_t seed = options.first_seed; seed < options.first_seed + options.seeds; ++seed) {
    run(scenario, Spreading::plain, options, seed, plain);
    run(scenario, Spreading::trees, options, seed, trees);
  }
  const double ratio = trees.milliseconds(99) / plain.milliseconds(99);
  fmt::print(R"({{{}, "plain": {}, "trees": {}, "p99_ratio": {:.3f}, "peak_rss_mb": {:.0f}}})"
             "\n",
             head(options, scenario.name, scenario.message_bytes),
             as_json(plain, scenario.message_bytes), as_json(trees, scenario.message_bytes), ratio,
             peak_rss_mb());
  std::fflush(stdout);
}

void run_attack(const GossipAttack& attack, Spreading spreading, const Options& options,
                std::uint64_t seed, Summary& into) {
  const double begun = cpu_seconds();
  const lab::GossipAttackOptions wanted{
      .nodes = options.nodes, .sybils = options.sybils > 0 ? options.sybils : 4 * options.nodes};
  const auto out = lab::run_gossip_attack(attack, spreading, wanted, seed);
  into.add(out.result, out.trace_hash);
  into.sybils_in_meshes += out.sybils_in_meshes;
  into.cpu_seconds += cpu_seconds() - begun;
}

void run_attacks(const Options& options, const std::string& only) {
  Options few = options;
  few.seeds = std::max<std::uint64_t>(options.seeds / 10, 1);
  constexpr std::size_t kBytes = lab::GossipAttackOptions{}.message_bytes;
  std::array<double, 2> calm{};
  std::vector<GossipAttack> attacks = {lab::no_gossip_attack()};
  for (const GossipAttack& each : lab::gossip_attacks()) {
    if (only.empty() || only == each.name) attacks.push_back(each);
  }
  for (const GossipAttack& attack : attacks) {
    std::array<Summary, 2> sums;
    for (std::uint64_t seed = few.first_seed; seed < few.first_seed + few.seeds; ++seed) {
      run_attack(attack, Spreading::plain, few, seed, sums[0]);
      run_attack(attack, Spreading::trees, few, seed, sums[1]);
    }
    if (&attack == &attacks.front()) calm = {sums[0].milliseconds(99), sums[1].milliseconds(99)};
    const double plain_ratio = sums[0].milliseconds(99) / calm[0];
    const double trees_ratio = sums[1].milliseconds(99) / calm[1];
    fmt::print(R"({{{}, "plain": {}, "trees": {}, "p99_to_calm": {{"plain": {:.3f}, )"
               R"("trees": {:.3f}}}, "peak_rss_mb": {:.0f}}})"
               "\n",
               head(few, "sybils " + attack.name, kBytes), as_json(sums[0], kBytes),
               as_json(sums[1], kBytes), plain_ratio, trees_ratio, peak_rss_mb());
    std::fflush(stdout);
  }
}

Options parse(int count, char** words) {
  Options out;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const char* value = i + 1 < count ? words[++i] : "";
    const std::uint64_t number = std::strtoull(value, nullptr, 10);
    if (word == "--nodes") {
      out.nodes = number;
    } else if (word == "--seed") {
      out.first_seed = number;
    } else if (word == "--seeds") {
      out.seeds = number;
    } else if (word == "--sybils") {
      out.sybils = number;
    } else if (word == "--only") {
      out.scenario = value;
    } else {
      fmt::print(stderr, "bench_gossip: no option {}\n", word);
      std::exit(2);
    }
  }
  if (out.nodes < 50 || out.seeds == 0) {
    fmt::print(stderr, "bench_gossip: it takes 50 nodes and one seed at least\n");
    std::exit(2);
  }
  return out;
}

}  // namespace
}  // namespace shoal

int main(int count, char** words) {
  using namespace shoal;
  try {
    const Options options = parse(count, words);
    for (const Scenario& scenario : kScenarios) {
      if (options.scenario.empty() || options.scenario == scenario.name) {
        run_scenario(scenario, options);
      }
    }
    const bool one_attack = options.scenario.starts_with("sybils ");
    if (options.scenario.empty() || options.scenario == "sybils" || one_attack) {
      run_attacks(options, one_attack ? options.scenario.substr(7) : "");
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_gossip: {}\n", error.what());
    return 1;
  }
}
