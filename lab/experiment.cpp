#include "lab/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

const Experiment* find_experiment(const std::string& name) {
  const auto found = std::ranges::find(experiments(), name, &Experiment::name);
  return found == experiments().end() ? nullptr : &*found;
}

void check_size(const Experiment& experiment, std::size_t nodes) {
  if (nodes >= experiment.min_nodes && nodes <= experiment.max_nodes) return;
  throw Error(ErrorCode::usage, fmt::format("lab {} cannot have {} nodes", experiment.name, nodes),
              {},
              fmt::format("--nodes from {} to {} fit", experiment.min_nodes, experiment.max_nodes));
}

Choice choose_file(std::uint64_t usual) {
  return {"--size", "bytes of the file", &ExperimentOptions::file_bytes,
          {usual},  {kLeastFile},        {kLargestFile}};
}

Choice choose_up(std::uint64_t usual) {
  return {"--up",
          "each node's upload, in bytes a second",
          &ExperimentOptions::up,
          {usual},
          {kLeastUp},
          {kLargestUp}};
}

namespace {

/// All that there are, to find out which of them were given to an experiment that lacks them.
constexpr std::array kFlags = {
    std::pair{"--size", &ExperimentOptions::file_bytes},
    std::pair{"--up", &ExperimentOptions::up},
    std::pair{"--attackers", &ExperimentOptions::attackers},
    std::pair{"--rate", &ExperimentOptions::rate},
};

const Choice* find_choice(const Experiment& experiment, std::string_view flag) {
  const auto found = std::ranges::find(experiment.choices, flag, &Choice::flag);
  return found == experiment.choices.end() ? nullptr : &*found;
}

std::string flags_of(const Experiment& experiment) {
  std::string out = "it takes --seed and --nodes";
  for (const Choice& choice : experiment.choices) out += ", " + choice.flag;
  return out;
}

void check_choices(const Experiment& experiment, const ExperimentOptions& options) {
  for (const auto& [flag, member] : kFlags) {
    const std::uint64_t chosen = options.*member;
    if (chosen == 0) continue;
    const Choice* choice = find_choice(experiment, flag);
    if (choice == nullptr) {
      throw Error(ErrorCode::usage, fmt::format("lab {} does not take {}", experiment.name, flag),
                  {}, flags_of(experiment));
    }
    const std::uint64_t least = choice->least.of(options.nodes);
    const std::uint64_t most = choice->most.of(options.nodes);
    if (chosen >= least && chosen <= most) continue;
    throw Error(ErrorCode::usage, fmt::format("{} cannot be {}", flag, chosen), {},
                fmt::format("{} from {} to {} fit", flag, least, most));
  }
}

/// In bytes, at most.
std::uint64_t memory_of(const Experiment& experiment, ExperimentOptions options,
                        std::size_t nodes) {
  options.nodes = nodes;
  const ExperimentOptions all = with_usual(experiment, options);
  return nodes * (experiment.node_bytes + all.file_bytes) + all.attackers * experiment.node_bytes;
}

std::string command_of(const Experiment& experiment, const ExperimentOptions& options) {
  std::string out = fmt::format("shoal lab {} --seed {} --nodes {}", experiment.name, options.seed,
                                options.nodes);
  for (const Choice& choice : experiment.choices) {
    const std::uint64_t chosen = options.*choice.value;
    if (chosen != 0) out += fmt::format(" {} {}", choice.flag, chosen);
  }
  return out;
}

}  // namespace

void check_options(const Experiment& experiment, const ExperimentOptions& options,
                   std::uint64_t free_memory) {
  check_size(experiment, options.nodes);
  check_choices(experiment, options);
  if (memory_of(experiment, options, options.nodes) <= free_memory) return;
  std::size_t fit = experiment.min_nodes;
  std::size_t too_many = options.nodes;
  while (too_many - fit > 1) {
    const std::size_t middle = fit + (too_many - fit) / 2;
    (memory_of(experiment, options, middle) <= free_memory ? fit : too_many) = middle;
  }
  const std::uint64_t least = memory_of(experiment, options, experiment.min_nodes);
  constexpr std::uint64_t kMegabyte = 1'000'000;
  throw Error(ErrorCode::usage,
              fmt::format("lab {} with {} nodes takes up to {} MB of memory, and {} MB are free",
                          experiment.name, options.nodes,
                          memory_of(experiment, options, options.nodes) / kMegabyte,
                          free_memory / kMegabyte),
              {},
              least <= free_memory ? fmt::format("--nodes up to {} fit", fit)
                                   : fmt::format("it takes {} MB at least", least / kMegabyte));
}

ExperimentOptions with_usual(const Experiment& experiment, ExperimentOptions options) {
  for (const Choice& choice : experiment.choices) {
    std::uint64_t& value = options.*choice.value;
    if (value == 0) value = choice.usual.of(options.nodes);
  }
  return options;
}

Report run(const Experiment& experiment, const ExperimentOptions& options) {
  return experiment.run(with_usual(experiment, options));
}

Page page_of(const Experiment& experiment, const ExperimentOptions& options, const Report& report) {
  Page out{.title = experiment.title,
           .lead = experiment.about,
           .verdict = report.claim,
           .held = report.held,
           .sections = report.sections,
           .foot = command_of(experiment, options)};
  Section all{.heading = "All figures",
              .table = {.headings = {"figure", "value", "unit"}, .rows = {}}};
  for (const Figure& figure : report.figures) {
    all.table.rows.push_back({figure.name, number_text(figure.value), figure.unit});
  }
  out.sections.push_back(std::move(all));
  return out;
}

}  // namespace shoal::lab
