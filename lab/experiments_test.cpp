#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "lab/experiment.h"

// Every experiment at its smallest size: its claim holds, and the same seed gives the same report.

namespace shoal::lab {
namespace {

/// Sanitizers look at one run; a second would show them nothing else.
#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

std::vector<std::pair<std::string, double>> values_of(const Report& report) {
  std::vector<std::pair<std::string, double>> out;
  for (const Figure& figure : report.figures) out.emplace_back(figure.name, figure.value);
  return out;
}

/// The smallest size, with as little beside it as shows the same.
ExperimentOptions smallest(const Experiment& experiment) {
  ExperimentOptions out{.seed = 1, .nodes = experiment.min_nodes};
  if (experiment.name == "distribute") out.file_bytes = 4'000'000;
  if (experiment.name == "survive") out.file_bytes = kLeastFile;
  if (experiment.name == "freeride") out.file_bytes = 8'000'000;
  if (experiment.name == "eclipse") out.attackers = 300;
  if (experiment.name == "sybil") out.attackers = 30;
  if (experiment.name == "spam") out.rate = 20;
  return out;
}

class EveryExperiment : public testing::TestWithParam<std::string> {};

TEST_P(EveryExperiment, holds_its_claim_at_its_smallest_size_twice_alike) {
  const Experiment& experiment = *find_experiment(GetParam());
  const ExperimentOptions options = smallest(experiment);
  const Report report = run(experiment, options);
  EXPECT_TRUE(report.held) << report.claim;
  EXPECT_FALSE(report.figures.empty());
  if (!kSanitized) {
    const Report again = run(experiment, options);
    EXPECT_EQ(values_of(report), values_of(again));
    EXPECT_EQ(report.trace_hash, again.trace_hash);
  }
  EXPECT_NE(to_html(page_of(experiment, options, report)).find("<svg"), std::string::npos);
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const Experiment& experiment : experiments()) out.push_back(experiment.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Lab, EveryExperiment, testing::ValuesIn(names()),
                         [](const auto& tested) { return tested.param; });

TEST(Experiments, another_seed_gives_another_run) {
  const Experiment& basics = *find_experiment("basics");
  const Report one = run(basics, {.seed = 3, .nodes = basics.min_nodes});
  const Report other = run(basics, {.seed = 4, .nodes = basics.min_nodes});
  EXPECT_NE(one.trace_hash, other.trace_hash);
}

TEST(Experiments, a_size_at_the_bounds_fits_and_one_beyond_does_not) {
  for (const Experiment& experiment : experiments()) {
    check_size(experiment, experiment.min_nodes);
    check_size(experiment, experiment.max_nodes);
    EXPECT_THROW(check_size(experiment, experiment.min_nodes - 1), Error);
    EXPECT_THROW(check_size(experiment, experiment.max_nodes + 1), Error);
  }
}

TEST(Experiments, a_size_at_the_end_of_memory_fits_and_one_more_byte_does_not) {
  for (const Experiment& experiment : experiments()) {
    const ExperimentOptions options{.seed = 1, .nodes = experiment.max_nodes};
    const ExperimentOptions all = with_usual(experiment, options);
    const std::uint64_t takes = all.nodes * (experiment.node_bytes + all.file_bytes) +
                                all.attackers * experiment.node_bytes;
    ASSERT_GT(takes, 0u) << experiment.name;
    check_options(experiment, options, takes);
    EXPECT_THROW(check_options(experiment, options, takes - 1), Error) << experiment.name;
  }
}

TEST(Experiments, take_sizes_and_rates_within_their_bounds) {
  constexpr std::uint64_t kMuch = std::uint64_t{1} << 50;
  for (const Experiment& experiment : experiments()) {
    for (const Choice& choice : experiment.choices) {
      ExperimentOptions options{.seed = 1, .nodes = experiment.usual_nodes};
      const auto with = [&](std::uint64_t value) {
        options.*choice.value = value;
        check_options(experiment, options, kMuch);
      };
      const std::uint64_t least = choice.least.of(options.nodes);
      const std::uint64_t most = choice.most.of(options.nodes);
      with(least);
      with(choice.usual.of(options.nodes));
      with(most);
      if (least > 1) EXPECT_THROW(with(least - 1), Error) << experiment.name << choice.flag;
      EXPECT_THROW(with(most + 1), Error) << experiment.name << choice.flag;
    }
  }
}

TEST(Experiments, refuse_sizes_and_rates_that_they_do_not_have) {
  constexpr std::uint64_t kMuch = std::uint64_t{1} << 50;
  const Experiment& lookup = *find_experiment("lookup");
  ExperimentOptions options{.seed = 1, .nodes = 60};
  for (const auto member : {&ExperimentOptions::file_bytes, &ExperimentOptions::up,
                            &ExperimentOptions::attackers, &ExperimentOptions::rate}) {
    ExperimentOptions with = options;
    with.*member = 1'000'000;
    EXPECT_THROW(check_options(lookup, with, kMuch), Error);
  }
}

TEST(Experiments, attackers_take_memory_as_nodes_do) {
  const Experiment& eclipse = *find_experiment("eclipse");
  const ExperimentOptions few{.seed = 1, .nodes = 100, .attackers = 100};
  const std::uint64_t takes = 200 * eclipse.node_bytes;
  check_options(eclipse, few, takes);
  EXPECT_THROW(check_options(eclipse, {.seed = 1, .nodes = 100, .attackers = 101}, takes), Error);
}

TEST(Experiments, have_names_of_their_own) {
  const std::vector<std::string> all = names();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  EXPECT_EQ(find_experiment("none"), nullptr);
}

}  // namespace
}  // namespace shoal::lab
