#pragma once

#include <cstdint>
#include <string>

#include "lab/crowd.h"

namespace shoal::lab {

/// Who else is there when one file goes from one node to many.
struct Distribution {
  std::string name;
  std::size_t receivers = 0;
  /// Receivers serve what they have; else they do not even reach each other, and the source is a
  /// server.
  bool serving = true;
  /// The source is gone as soon as it has sent so many times the file; 0: it stays.
  double source_leaves = 0;
  /// Beside the receivers: nodes that take and give nothing, and such that send other bytes.
  std::size_t free_riders = 0;
  std::size_t liars = 0;
};

struct Distributed {
  Distribution what;
  double last = 0;  // seconds until the last receiver had it
  double mean_time = 0;
  double source_sent = 0;             // times the file, to receivers
  double source_sent_beside = 0;      // bytes for each receiver, if the source stayed
  bool complete = false;              // all receivers, with the right bytes
  std::size_t accusations = 0;        // of receivers, against peers that sent other bytes
  std::size_t wrong_accusations = 0;  // against peers that were no liars
  std::uint64_t trace_hash = 0;
};

Distributed distribute(std::uint64_t seed, const CrowdOptions& options, const Distribution& what);

/// Not below it, whatever anybody does: the source sends each block once, and all who have one send
/// as fast as it does (P2P lower bound for equal uploads; Mundinger, Weber and Weiss, 2008).
double swarm_bound(std::size_t receivers, const CrowdOptions& options);
double server_bound(std::size_t receivers, const CrowdOptions& options);

}  // namespace shoal::lab
