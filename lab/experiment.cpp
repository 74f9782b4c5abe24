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

Page page_of(const Experiment& experiment, const ExperimentOptions& options, const Report& report) {
  Page out{.title = experiment.title,
           .lead = experiment.about,
           .verdict = report.claim,
           .held = report.held,
           .sections = report.sections,
           .foot = fmt::format("shoal lab {} --seed {} --nodes {}", experiment.name, options.seed,
                               options.nodes)};
  Section all{.heading = "All figures",
              .table = {.headings = {"figure", "value", "unit"}, .rows = {}}};
  for (const Figure& figure : report.figures) {
    all.table.rows.push_back({figure.name, number_text(figure.value), figure.unit});
  }
  out.sections.push_back(std::move(all));
  return out;
}

}  // namespace shoal::lab
