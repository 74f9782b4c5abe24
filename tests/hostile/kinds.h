#pragma once

#include <string_view>
#include <vector>

#include "format/cid.h"
#include "tests/hostile/wire.h"

namespace shoal::hostile {

/// What a kind of attack needs to know.
struct Plan {
  /// Blocks that the target has.
  std::vector<Cid> present;
};

/// One life of a hostile connection: goes on until the target ends it, or throws.
struct Kind {
  std::string_view name;
  /// Whether it comes over Noise and yamux, or as bare bytes.
  bool secured;
  Task<void> (*run)(Wire& wire, const Plan& plan);
};

const std::vector<Kind>& kinds();

}  // namespace shoal::hostile
