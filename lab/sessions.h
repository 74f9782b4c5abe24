#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lab/light_net.h"
#include "lab/records.h"

namespace shoal::lab {

/// Lets the nodes of a LightNet come and go, those that provide something left out: many stay for
/// some minutes, a few for very long; half of all stays are shorter than `median`, and half of all
/// pauses than half of that. Ends with this object.
class Sessions {
 public:
  /// Borrows the net for its life.
  Sessions(LightNet& net, const std::vector<Record>& of_stayers, Duration median = 20min);
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

 private:
  void plan(std::uint32_t index, bool up);

  LightNet& net_;
  const Duration median_;
  sim::SeededRandom random_;
  std::shared_ptr<int> lives_ = std::make_shared<int>();  // for what is planned
};

}  // namespace shoal::lab
