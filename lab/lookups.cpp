#include "lab/lookups.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "lab/best_hops.h"

namespace shoal::lab {

namespace {

// A node that has been there for a while has connections, and knows how long answers take and how
// large the network is.
constexpr std::size_t kWarmups = 3;
constexpr std::size_t kLookupsOfOne = 10;

/// The round in which `peer` was asked, from 1.
double round_of(const kad::Closest& closest, const PeerId& peer) {
  const auto found = std::ranges::find(closest.hops, peer, &kad::Hop::peer);
  return found == closest.hops.end() ? 0 : static_cast<double>(found->round + 1);
}

}  // namespace

double percentile(std::vector<double> values, double percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  const auto index = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
  return values[std::min(index, values.size() - 1)];
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void let_go(LightNet& net, double share) {
  for (std::uint32_t i = 0; i < net.size(); ++i) {
    if (net.random().happens(share)) net.set_up(i, false);
  }
}

namespace {

/// One lookup toward a random key, and how well it did.
class Tally {
 public:
  Tally(LightNet& net, const kad::Rules& rules) : net_(net), rules_(rules) {}

  kad::Closest run(std::uint32_t asker, const Bytes& wire_key) {
    LightNode& node = net_.node(asker);
    node.set_rules(rules_);
    return net_.world().run(node.find_closest(wire_key));
  }

  void warm_up(std::uint32_t asker) {
    net_.node(asker).set_rules(rules_);
    net_.world().run(net_.node(asker).measure_network(kWarmups));
  }

  void measure(std::uint32_t asker) {
    const Bytes wire_key = net_.random().bytes(32);
    const std::size_t best_way = best_hops(net_, asker, kad::Key::of(wire_key));
    if (best_way > 0) out_.best_hops.push_back(static_cast<double>(best_way));
    const kad::Closest closest = run(asker, wire_key);
    out_.seconds.push_back(seconds_of(closest.took));
    out_.asks.push_back(static_cast<double>(closest.hops.size()));
    if (!closest.peers.empty()) out_.hops.push_back(round_of(closest, closest.peers.front()));
    std::vector<std::uint32_t> best = net_.closest(kad::Key::of(wire_key), kad::kReplication + 1);
    std::erase(best, asker);
    if (best.size() > kad::kReplication) best.resize(kad::kReplication);
    const std::set<PeerId> answered(closest.peers.begin(), closest.peers.end());
    for (const std::uint32_t one : best) found_ += answered.contains(net_.id(one)) ? 1 : 0;
    wanted_ += best.size();
    succeeded_ += !best.empty() && answered.contains(net_.id(best.front())) ? 1 : 0;
  }

  Lookups result() {
    const auto share = [](std::size_t part, std::size_t all) {
      return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
    };
    out_.found = share(found_, wanted_);
    out_.succeeded = share(succeeded_, out_.seconds.size());
    return std::move(out_);
  }

 private:
  LightNet& net_;
  const kad::Rules rules_;
  Lookups out_;
  std::size_t found_ = 0;
  std::size_t wanted_ = 0;
  std::size_t succeeded_ = 0;
};

}  // namespace

Lookups look_up(LightNet& net, const kad::Rules& rules, std::size_t count) {
  Tally tally(net, rules);
  for (std::size_t done = 0; done < count;) {
    const std::uint32_t asker = net.any_up();
    tally.warm_up(asker);
    for (std::size_t i = 0; i < kLookupsOfOne && done < count; ++i, ++done) tally.measure(asker);
  }
  return tally.result();
}

}  // namespace shoal::lab
