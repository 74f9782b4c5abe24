// Lookups and announcements in a simulated DHT, for bench/dht: prints each figure as a JSON object.
//
// Everything but the connections is the node's own code, see lab/light_net.h. The yardstick is the
// same code by the usual rules: ten requests at once, 5 s for each peer, nobody asked beside one
// that is slow.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lab/best_hops.h"
#include "lab/idle_client.h"
#include "lab/lookups.h"
#include "lab/records.h"
#include "lab/sessions.h"
#include "lab/upkeep.h"

namespace shoal::lab {
namespace {

// So many that a node knows how large the network is (NetworkSize::kMinSamples).
constexpr std::size_t kLookupsBefore = 3;

struct BenchOptions {
  std::size_t nodes = 1'000;
  std::size_t seeds = 10;
  std::size_t lookups = 20;  // of each seed
  std::size_t contents = 100'000;
  std::size_t servers = 10'000;
  bool quic = true;
  std::size_t churn_hours = 0;  // in place of the rest
  bool idle = false;            // the same
};

/// One figure by our rules, and by the usual ones where they differ.
struct Measured {
  std::string name;
  std::string unit;
  double ours = 0;
  std::optional<double> usual{};
  std::string goal{};
};

void print(const BenchOptions& options, const Measured& one, std::size_t nodes) {
  std::string line = fmt::format(
      R"({{"figure": "{}", "unit": "{}", "nodes": {}, "seeds": {}, "quic": {}, "ours": {:.4f})",
      one.name, one.unit, nodes, options.seeds, options.quic, one.ours);
  if (one.usual) {
    line += fmt::format(R"(, "usual": {:.4f}, "ratio": {:.2f})", *one.usual,
                        one.ours > 0 ? *one.usual / one.ours : 0);
  }
  if (!one.goal.empty()) line += fmt::format(R"(, "goal": "{}")", one.goal);
  fmt::print("{}}}\n", line);
  std::fflush(stdout);
}

void append_all(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Of all seeds.
struct Sample {
  std::vector<double> closest;   // seconds until the 20 closest that live have answered
  std::vector<double> provider;  // seconds until the first provider
  std::vector<double> hops;
  std::vector<double> best_hops;
  std::vector<double> publish;  // seconds until a record can be found
  std::vector<double> holders;  // of the 20 closest that live, after 5 s
  std::size_t wanted = 0;
  std::size_t found = 0;
  double succeeded = 0;
};

class Bench {
 public:
  explicit Bench(const BenchOptions& options) : options_(options) {}

  Sample sample(const kad::Rules& rules, double gone, std::size_t nodes) {
    Sample out;
    for (std::uint64_t seed = 1; seed <= options_.seeds; ++seed) {
      LightNet net(nodes, seed);
      if (options_.quic) net.dial_by_quic();
      const std::vector<Record> records = provide_some(net, options_.lookups);
      let_go(net, gone);
      for (const Record& record : records) net.set_up(record.provider, true);
      const Lookups lookups = look_up(net, rules, options_.lookups);
      append_all(out.closest, lookups.seconds);
      append_all(out.hops, lookups.hops);
      append_all(out.best_hops, lookups.best_hops);
      out.succeeded += lookups.succeeded / static_cast<double>(options_.seeds);
      for (const Record& record : records) find(net, rules, record, out);
      for (std::size_t i = 0; i < options_.lookups; ++i) publish(net, rules, out);
    }
    return out;
  }

 private:
  static std::uint32_t experienced(LightNet& net, const kad::Rules& rules) {
    const std::uint32_t index = net.any_up();
    net.node(index).set_rules(rules);
    net.world().run(net.node(index).measure_network(kLookupsBefore));
    return index;
  }

  static void find(LightNet& net, const kad::Rules& rules, const Record& record, Sample& out) {
    std::uint32_t asker = experienced(net, rules);
    while (asker == record.provider) asker = experienced(net, rules);
    const TimePoint begin = net.world().now();
    ++out.wanted;
    if (!finds(net, asker, record)) return;
    ++out.found;
    out.provider.push_back(seconds_of(net.world().now() - begin));
  }

  static void publish(LightNet& net, const kad::Rules& rules, Sample& out) {
    const std::uint32_t provider = experienced(net, rules);
    const Record record{Multihash::sha2_256(net.random().bytes(16)), provider};
    const TimePoint begin = net.world().now();
    net.world().run(net.node(provider).provide(record.content));
    out.publish.push_back(seconds_of(net.world().now() - begin));
    net.world().run_until(std::max(net.world().now(), begin + 5s));
    out.holders.push_back(static_cast<double>(closest_holders(net, record)));
    net.world().run(net.node(provider).settle());
  }

  const BenchOptions options_;
};

void print_lookups(const BenchOptions& options) {
  Bench bench(options);
  const kad::Rules usual = kad::Rules::usual();
  const std::size_t nodes = options.nodes;
  const auto p95 = [](const std::vector<double>& values) { return percentile(values, 95); };
  const auto p50 = [](const std::vector<double>& values) { return percentile(values, 50); };
  const auto share = [](const Sample& sample) {
    return 100 * static_cast<double>(sample.found) / static_cast<double>(sample.wanted);
  };
  const auto tell = [&](std::string name, std::string unit, double ours,
                        std::optional<double> others, std::string goal = {}) {
    print(options, {std::move(name), std::move(unit), ours, others, std::move(goal)}, nodes);
  };
  const Sample well = bench.sample({}, 0, nodes);
  const Sample well_usual = bench.sample(usual, 0, nodes);
  tell("P9 mean hops", "hops", mean(well.hops), mean(well_usual.hops),
       fmt::format("at most 1.10 x the best possible, {:.2f}", mean(well.best_hops)));
  tell("P9 mean hops over the best possible", "x", mean(well.hops) / mean(well.best_hops),
       mean(well_usual.hops) / mean(well_usual.best_hops), "1.10");
  for (const double gone : {0.0, 0.2, 0.3}) {
    const Sample ours = gone == 0 ? well : bench.sample({}, gone, nodes);
    const Sample others = gone == 0 ? well_usual : bench.sample(usual, gone, nodes);
    const std::string state = fmt::format("{:.0f} % gone", 100 * gone);
    const auto goal = [&](const std::vector<double>& without) {
      if (gone == 0) return std::string("0.300 at 10,000 nodes");
      if (gone == 0.2) return fmt::format("1.5 x {:.3f}", p95(without));
      return std::string("ratio at least 5");
    };
    tell("P9 first provider, p50, " + state, "s", p50(ours.provider), p50(others.provider));
    tell("P9 first provider, p95, " + state, "s", p95(ours.provider), p95(others.provider),
         goal(well.provider));
    tell("P9 closest 20, p50, " + state, "s", p50(ours.closest), p50(others.closest));
    tell("P9 closest 20, p95, " + state, "s", p95(ours.closest), p95(others.closest),
         goal(well.closest));
    tell("P9 providers found, " + state, "%", share(ours), share(others));
    tell("P9 closest node found, " + state, "%", 100 * ours.succeeded, 100 * others.succeeded);
    if (gone != 0 && gone != 0.3) continue;
    tell("P10 publish, p50, " + state, "s", p50(ours.publish), p50(others.publish),
         gone == 0 ? "" : "0.5");
    tell("P10 publish, p95, " + state, "s", p95(ours.publish), p95(others.publish),
         gone == 0 ? "" : "1.0");
    tell("P10 of the 20 closest, holders after 5 s, " + state, "peers", mean(ours.holders),
         mean(others.holders), "19");
  }
}

/// One sweep of 22 h by a provider of many contents; every lookup and announcement is made.
void print_sweep(const BenchOptions& options) {
  LightNet net(options.servers, 1);
  LightNode& provider = net.node(0);
  std::vector<Record> sampled;
  for (std::size_t i = 0; i < options.contents; ++i) {
    const Multihash content = Multihash::sha2_256(net.random().bytes(16));
    provider.reprovider().add(content);
    if (sampled.size() < 100) sampled.push_back({content, 0});
  }
  net.world().run_for(kad::ReprovideSchedule::kPeriod + 10min);
  std::size_t found = 0;
  for (const Record& record : sampled) {
    std::uint32_t asker = net.any_up();
    while (asker == 0) asker = net.any_up();
    found += finds(net, asker, record) ? 1 : 0;
  }
  const auto contents = static_cast<double>(options.contents);
  BenchOptions one = options;
  one.seeds = 1;
  print(one,
        {fmt::format("P11 lookups to announce {} contents", options.contents), "lookups",
         static_cast<double>(provider.reprovider().lookup_count()), contents, "1000"},
        options.servers);
  print(one,
        {"P11 of 100 of them, found by others", "%", static_cast<double>(found), std::nullopt, ""},
        options.servers);
}

double heap_mb() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / (1 << 20);
}

/// Hours of nodes that come and go while each looks after its table; providers stay, and announce
/// again when it is time.
void print_churn(const BenchOptions& options) {
  LightNet net(options.nodes, 1);
  const Upkeep upkeep(net);
  const std::vector<Record> records = provide_some(net, options.lookups);
  for (const Record& record : records) net.node(record.provider).reprovider().add(record.content);
  const Sessions sessions(net, records);
  const TimePoint begin = net.world().now();
  std::size_t lost = 0;
  std::size_t asked = 0;
  double early = 0;
  for (std::size_t hour = 1; hour <= options.churn_hours; ++hour) {
    net.world().run_until(std::max(net.world().now(), begin + std::chrono::hours(hour)));
    for (const Record& record : records) {
      std::uint32_t asker = net.any_up();
      while (asker == record.provider) asker = net.any_up();
      ++asked;
      lost += finds(net, asker, record) ? 0 : 1;
    }
    if (hour == std::max<std::size_t>(1, options.churn_hours / 4)) early = heap_mb();
  }
  fmt::print(
      R"({{"figure": "{} h of churn: searches that failed, of {}", "unit": "", "nodes": {}, "seeds": 1, "ours": {}, "goal": "0", "trace_hash": "{:016x}"}})"
      "\n",
      options.churn_hours, asked, options.nodes, lost, net.world().trace_hash());
  BenchOptions one = options;
  one.seeds = 1;
  print(one, {"memory at the end over that after a quarter", "x", heap_mb() / early, {}, "1"},
        options.nodes);
}

/// A client with nothing to do among whole nodes, for an hour.
void print_idle(const BenchOptions& options) {
  const IdleClient client = watch_idle_client({.nodes = options.nodes});
  BenchOptions one = options;
  one.seeds = 1;
  const auto tell = [&](const char* name, const char* unit, double value, const char* goal) {
    print(one, {name, unit, value, {}, goal}, options.nodes);
  };
  tell("idle client: peers in its table", "peers", static_cast<double>(client.peers_known), "");
  tell("idle client: connections, most", "", static_cast<double>(client.most_connections), "20");
  tell("idle client: connections, mean", "", client.mean_connections, "20");
  tell("idle client: in and out, mean", "kB/s", (client.in_rate + client.out_rate) / 1e3, "5");
  tell("idle client: in, busiest minute", "kB/s", client.most_in_rate / 1e3, "5");
  tell("idle client: out, busiest minute", "kB/s", client.most_out_rate / 1e3, "5");
}

BenchOptions parse(int count, char** words) {
  BenchOptions out;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto number = [&] {
      return i + 1 < count ? static_cast<std::size_t>(std::strtoul(words[++i], nullptr, 10)) : 0;
    };
    if (word == "--nodes") {
      out.nodes = std::clamp<std::size_t>(number(), 50, 100'000);
    } else if (word == "--seeds") {
      out.seeds = std::max<std::size_t>(1, number());
    } else if (word == "--lookups") {
      out.lookups = std::max<std::size_t>(1, number());
    } else if (word == "--contents") {
      out.contents = number();
    } else if (word == "--tcp") {
      out.quic = false;
    } else if (word == "--churn") {
      out.churn_hours = number();
    } else if (word == "--idle") {
      out.idle = true;
    } else if (word == "--servers") {
      out.servers = std::clamp<std::size_t>(number(), 50, 100'000);
    } else {
      fmt::print(stderr, "bench_dht: no option {}\n", word);
      std::exit(2);
    }
  }
  return out;
}

}  // namespace
}  // namespace shoal::lab

int main(int count, char** words) {
  try {
    const shoal::lab::BenchOptions options = shoal::lab::parse(count, words);
    if (options.churn_hours > 0) {
      shoal::lab::print_churn(options);
      return 0;
    }
    if (options.idle) {
      shoal::lab::print_idle(options);
      return 0;
    }
    shoal::lab::print_lookups(options);
    if (options.contents > 0) shoal::lab::print_sweep(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_dht: {}\n", error.what());
    return 1;
  }
}
