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
  /// Of the file that is moved about, and of each node's upload in bytes a second; only where the
  /// experiment has such. 0: the usual.
  std::uint64_t file_bytes = 0;
  std::uint64_t rate = 0;
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
  /// What each takes of memory, at most; 0 where the largest number of nodes takes little.
  std::uint64_t node_bytes = 0;
  /// The usual file and upload; 0 where neither can be chosen.
  std::uint64_t file_bytes = 0;
  std::uint64_t rate = 0;
};

/// What can be chosen of files and uploads.
inline constexpr std::uint64_t kLeastFile = 256 * 1024;
inline constexpr std::uint64_t kLargestFile = 64 * 1024 * 1024;
inline constexpr std::uint64_t kLeastRate = 50'000;
inline constexpr std::uint64_t kLargestRate = 50'000'000;

/// In the order in which one would read of them.
const std::vector<Experiment>& experiments();

/// Null when there is none of that name.
const Experiment* find_experiment(const std::string& name);

/// Throws Error{usage}, with what would fit, for a number of nodes that the experiment cannot have.
void check_size(const Experiment& experiment, std::size_t nodes);
/// The same for all of the options, of which file and rate may be 0, and for what they take of
/// `free_memory` bytes.
void check_options(const Experiment& experiment, const ExperimentOptions& options,
                   std::uint64_t free_memory);

/// The report as a page.
Page page_of(const Experiment& experiment, const ExperimentOptions& options, const Report& report);

}  // namespace shoal::lab
