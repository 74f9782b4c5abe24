#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lab/plot/page.h"

namespace shoal::lab {

struct ExperimentOptions {
  std::uint64_t seed = 1;
  std::size_t nodes = 0;
};

/// One number that an experiment measured.
struct Figure {
  std::string name;
  double value;
  std::string unit;  // "s", "hops", "%"; empty for a plain count
};

/// What an experiment found out.
struct Report {
  std::vector<Figure> figures;
  /// What was to be shown, with the numbers that decide it.
  std::string claim;
  bool held = false;
  /// Drawings and tables.
  std::vector<Section> sections;
  /// Over every event of the run, where there is one world.
  std::uint64_t trace_hash = 0;

  void add(std::string name, double value, std::string unit) {
    figures.push_back({std::move(name), value, std::move(unit)});
  }
};

/// Node code in a simulated network, with a question. Everything follows from the seed.
struct Experiment {
  std::string name;
  std::string title;
  /// What is simulated: which code is the real one, what is modelled.
  std::string about;
  std::size_t usual_nodes;
  std::size_t min_nodes;
  /// More take too much time or memory.
  std::size_t max_nodes;
  std::function<Report(const ExperimentOptions&)> run;
};

/// In the order in which one would read of them.
const std::vector<Experiment>& experiments();

/// Null when there is none of that name.
const Experiment* find_experiment(const std::string& name);

/// Throws Error{usage}, with what would fit, for a number of nodes that the experiment cannot have.
void check_size(const Experiment& experiment, std::size_t nodes);

/// The report as a page.
Page page_of(const Experiment& experiment, const ExperimentOptions& options, const Report& report);

}  // namespace shoal::lab
