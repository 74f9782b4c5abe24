#include "lab/sybil_experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/attackers.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"
#include "lab/records.h"

namespace shoal::lab {

namespace {

// Fewer in small networks, which are for a quick look.
constexpr std::size_t kTargets = 4;
constexpr std::size_t kTargetsOfFew = 2;
constexpr std::size_t kFewNodes = 2'000;
constexpr std::size_t kGetters = 8;
constexpr std::size_t kGettersOfFew = 4;
constexpr std::size_t kMeasuringLookups = 8;

/// The content that is attacked, and the ids that somebody made for it.
struct Plan {
  Multihash content;
  std::vector<PeerId> sybils;
};

/// Making them takes most of the time, for real attackers as well.
std::vector<Plan> plan_attacks(const ExperimentOptions& options) {
  const LightNet net(options.nodes, options.seed);
  sim::SeededRandom random(options.seed, 4);
  std::vector<Plan> out;
  const std::size_t targets = options.nodes < kFewNodes ? kTargetsOfFew : kTargets;
  for (std::uint64_t i = 0; i < targets; ++i) {
    const Multihash content = Multihash::sha2_256(random.bytes(16));
    const kad::Key target = kad::Key::of(content);
    const std::uint32_t nearest = net.closest(target, 1).front();
    const std::size_t bits = net.key(nearest).common_prefix(target) + 1;
    out.push_back({content, peers_near(target, bits, static_cast<std::size_t>(options.attackers),
                                       options.seed * 1000 + i)});
  }
  return out;
}

struct Attacked {
  std::size_t asked = 0;
  std::size_t found = 0;
  double asks = 0;  // of one who looks for it
  std::uint64_t trace_hash = 0;
  double share() const { return static_cast<double>(found) / static_cast<double>(asked); }
};

/// Content whose region ids were made in, by somebody who tried until they fit.
class SybilAttack {
 public:
  SybilAttack(const ExperimentOptions& options, bool lying, bool covers_region)
      : net_(options.nodes, options.seed), honest_(options.nodes), lying_(lying) {
    rules_.covers_region = covers_region;
    const std::size_t getters = options.nodes < kFewNodes ? kGettersOfFew : kGetters;
    for (std::size_t i = 0; i < getters; ++i) getters_.push_back(experienced());
  }

  Attacked run(const std::vector<Plan>& plans) {
    Attacked out;
    for (const Plan& plan : plans) {
      const Multihash& content = plan.content;
      attack(plan);
      const std::uint32_t provider = experienced();
      net_.world().run(net_.node(provider).provide(content));
      net_.world().run(net_.node(provider).settle());
      for (const std::uint32_t getter : getters_) {
        if (getter == provider) continue;
        const std::uint64_t before = net_.node(getter).asked();
        ++out.asked;
        out.found += finds(net_, getter, {content, provider}) ? 1 : 0;
        out.asks += static_cast<double>(net_.node(getter).asked() - before);
      }
    }
    out.asks /= static_cast<double>(out.asked);
    out.trace_hash = net_.world().trace_hash();
    return out;
  }

 private:
  /// An honest node that knows how large the network is.
  std::uint32_t experienced() {
    const auto index = static_cast<std::uint32_t>(net_.random().below(honest_));
    LightNode& node = net_.node(index);
    node.set_rules(rules_);
    net_.world().run(node.measure_network(kMeasuringLookups));
    return index;
  }

  void attack(const Plan& plan) {
    std::vector<std::uint32_t> sybils;
    for (const PeerId& id : plan.sybils) sybils.push_back(net_.add({.id = id, .knows_all = true}));
    // They look for themselves, so that everybody around the key gets to know them.
    for (const std::uint32_t one : sybils) {
      net_.world().run(net_.node(one).find_closest(to_bytes(net_.id(one).encoded())));
    }
    const Answering answering = lying_ ? names_fellows(net_, sybils) : silent();
    for (const std::uint32_t one : sybils) net_.node(one).behave(answering);
  }

  LightNet net_;
  const std::size_t honest_;
  const bool lying_;
  kad::Rules rules_;
  std::vector<std::uint32_t> getters_;
};

}  // namespace

Report run_sybil(const ExperimentOptions& options) {
  Report report;
  const std::vector<Plan> plans = plan_attacks(options);
  const auto attacked = [&](bool lying, bool covers_region) {
    const Attacked out = SybilAttack(options, lying, covers_region).run(plans);
    report.trace_hash = report.trace_hash * 31 + out.trace_hash;
    return out;
  };
  const Attacked silent_with = attacked(false, true);
  const Attacked silent_without = attacked(false, false);
  const Attacked lying_with = attacked(true, true);
  const Attacked lying_without = attacked(true, false);
  report.add("found_with_silent_sybils", 100 * silent_with.share(), "%");
  report.add("found_with_silent_sybils_nearest_only", 100 * silent_without.share(), "%");
  report.add("found_with_lying_sybils", 100 * lying_with.share(), "%");
  report.add("found_with_lying_sybils_nearest_only", 100 * lying_without.share(), "%");
  report.add("requests_with_lying_sybils", lying_with.asks, "");
  report.add("requests_with_lying_sybils_nearest_only", lying_without.asks, "");
  report.claim = fmt::format(
      "{} Sybils are nearer to a key than all of {} nodes. When they are silent, {} % of those who "
      "look for it find the provider, when they lie, {} %; with records on the 20 nearest alone, "
      "{} "
      "and {} %.",
      options.attackers, options.nodes, number_text(100 * silent_with.share()),
      number_text(100 * lying_with.share()), number_text(100 * silent_without.share()),
      number_text(100 * lying_without.share()));
  report.held = silent_with.share() >= 0.99 && lying_with.share() >= 0.95;
  const BarChart chart{
      .title = "Those who find the provider",
      .y_label = "percent",
      .groups = {"silent Sybils", "lying Sybils"},
      .series = {{.name = "all peers of the key's region keep the record and are asked",
                  .values = {100 * silent_with.share(), 100 * lying_with.share()}},
                 {.name = "only the 20 nearest",
                  .values = {100 * silent_without.share(), 100 * lying_without.share()}}},
      .to = 110};
  report.sections = {
      {.heading = "Censorship by a few ids",
       .svg = to_svg(chart),
       .text =
           "Whoever makes ids until twenty lie nearest to a key is given all its records. But it "
           "is known how many nodes there are, and so how far the twenty nearest should reach: "
           "a node puts its record on all within that distance, and asks all within it."}};
  return report;
}

}  // namespace shoal::lab
