#include "lab/experiment.h"

#include <fmt/format.h>

#include <algorithm>

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

namespace {

void check_choice(const Experiment& experiment, std::string_view flag, std::uint64_t chosen,
                  std::uint64_t usual, std::uint64_t least, std::uint64_t most) {
  if (chosen == 0) return;
  if (usual == 0) {
    throw Error(ErrorCode::usage, fmt::format("lab {} does not take {}", experiment.name, flag), {},
                "it has no files and uploads to choose");
  }
  if (chosen >= least && chosen <= most) return;
  throw Error(ErrorCode::usage, fmt::format("{} cannot be {}", flag, chosen), {},
              fmt::format("{} from {} to {} fit", flag, least, most));
}

std::string command_of(const Experiment& experiment, const ExperimentOptions& options) {
  std::string out = fmt::format("shoal lab {} --seed {} --nodes {}", experiment.name, options.seed,
                                options.nodes);
  if (options.file_bytes != 0) out += fmt::format(" --size {}", options.file_bytes);
  if (options.rate != 0) out += fmt::format(" --up {}", options.rate);
  return out;
}

}  // namespace

void check_options(const Experiment& experiment, const ExperimentOptions& options,
                   std::uint64_t free_memory) {
  check_size(experiment, options.nodes);
  check_choice(experiment, "--size", options.file_bytes, experiment.file_bytes, kLeastFile,
               kLargestFile);
  check_choice(experiment, "--up", options.rate, experiment.rate, kLeastRate, kLargestRate);
  const std::uint64_t file = options.file_bytes != 0 ? options.file_bytes : experiment.file_bytes;
  const std::uint64_t each = experiment.node_bytes + file;
  if (options.nodes * each <= free_memory) return;
  const std::uint64_t fit = free_memory / each;
  constexpr std::uint64_t kMegabyte = 1'000'000;
  throw Error(ErrorCode::usage,
              fmt::format("lab {} with {} nodes takes up to {} MB of memory, and {} MB are free",
                          experiment.name, options.nodes, options.nodes * each / kMegabyte,
                          free_memory / kMegabyte),
              {},
              fit >= experiment.min_nodes ? fmt::format("--nodes up to {} fit", fit)
                                          : fmt::format("it takes {} MB at least",
                                                        experiment.min_nodes * each / kMegabyte));
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
