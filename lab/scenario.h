#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace shoal::lab {

/// How one run with one seed ended.
struct Outcome {
  std::string failure;  // empty: all was as it must be
  std::uint64_t trace_hash = 0;
  std::string summary;  // a few figures for people
  /// How often each fault point fired.
  std::map<std::string, std::uint64_t> faults;
};

struct RunOptions {
  std::uint64_t seed = 1;
  /// Takes every packet, in the format pcap; none: nobody looks.
  std::function<void(ByteView)> packets;
};

/// A simulated world with the real node code in it, and what must hold there. Everything that
/// happens follows from the seed.
struct Scenario {
  std::string name;
  std::string description;  // of what is simulated, in a sentence
  std::string checks;       // what must hold, in a sentence
  std::function<Outcome(const RunOptions&)> run;
};

/// In order of their names.
const std::vector<Scenario>& scenarios();

/// Null when there is none of that name.
const Scenario* find_scenario(const std::string& name);

}  // namespace shoal::lab
