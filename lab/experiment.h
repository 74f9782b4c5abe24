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
  /// What an experiment lets one choose beyond that, see Choice; 0: the usual.
  std::uint64_t file_bytes = 0;
  std::uint64_t up = 0;  // of each node, in bytes a second
  std::uint64_t attackers = 0;
  std::uint64_t rate = 0;  // of what the experiment has happen
  /// Told of each part that takes a while as it begins, on the thread of the run.
  std::function<void(const std::string& part)> when_begun{};

  void begin(const std::string& part) const {
    if (when_begun) when_begun(part);
  }
};

/// A number that follows from how many nodes there are.
struct Amount {
  std::uint64_t number = 0;
  double for_each_node = 0;

  std::uint64_t of(std::size_t nodes) const {
    return number + static_cast<std::uint64_t>(for_each_node * static_cast<double>(nodes));
  }
};

/// A size or rate that is a flag of an experiment.
struct Choice {
  std::string flag;  // "--size"
  std::string what;  // "bytes of the file"
  std::uint64_t ExperimentOptions::* value;
  Amount usual;
  Amount least;
  Amount most;
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
  /// Takes options with nothing that is missing; see run() below.
  std::function<Report(const ExperimentOptions&)> run;
  /// What each takes of memory, at most, without its file; attackers take as much.
  std::uint64_t node_bytes = 0;
  std::vector<Choice> choices{};
};

/// What can be chosen of files and uploads.
inline constexpr std::uint64_t kLeastFile = 256 * 1024;
inline constexpr std::uint64_t kLargestFile = 64 * 1024 * 1024;
inline constexpr std::uint64_t kLeastUp = 50'000;
inline constexpr std::uint64_t kLargestUp = 50'000'000;

Choice choose_file(std::uint64_t usual);
Choice choose_up(std::uint64_t usual);

/// In the order in which one would read of them.
const std::vector<Experiment>& experiments();

/// Null when there is none of that name.
const Experiment* find_experiment(const std::string& name);

/// Throws Error{usage}, with what would fit, for a number of nodes that the experiment cannot have.
void check_size(const Experiment& experiment, std::size_t nodes);
/// The same for all of the options, and for what they take of `free_memory` bytes.
void check_options(const Experiment& experiment, const ExperimentOptions& options,
                   std::uint64_t free_memory);
/// The options with the usual in place of what was not chosen.
ExperimentOptions with_usual(const Experiment& experiment, ExperimentOptions options);
/// Runs it with these options, which fit.
Report run(const Experiment& experiment, const ExperimentOptions& options);

/// The report as a page.
Page page_of(const Experiment& experiment, const ExperimentOptions& options, const Report& report);

}  // namespace shoal::lab
