#pragma once

#include <cstddef>
#include <vector>

#include "lab/light_net.h"

namespace shoal::lab {

/// What a number of lookups were like.
struct Lookups {
  std::vector<double> hops;       // until the nearest was asked
  std::vector<double> best_hops;  // as few as any lookup could take through these tables
  std::vector<double> seconds;
  std::vector<double> asks;
  /// Of the 20 closest that are up, those that a lookup found, of all lookups: 0 to 1.
  double found = 0;
  /// Lookups that found the closest node of all, or the second if the first was itself: 0 to 1.
  double succeeded = 0;
};

/// Lookups by a few random nodes that are up toward random keys, one after the other, by `rules`;
/// each node has made some before.
Lookups look_up(LightNet& net, const kad::Rules& rules, std::size_t count);

/// 0 for no values. `percent` from 0 to 100.
double percentile(std::vector<double> values, double percent);
double mean(const std::vector<double>& values);

/// That share of all nodes goes without a word; the same ones for the same seed.
void let_go(LightNet& net, double share);

double seconds_of(Duration duration);

}  // namespace shoal::lab
