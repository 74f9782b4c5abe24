#pragma once

#include "lab/light_net.h"
#include "system/task_group.h"

namespace shoal::lab {

/// Lets every node of a LightNet that is up look after its table each minute, until destroyed.
class Upkeep {
 public:
  static constexpr Duration kInterval = 1min;

  explicit Upkeep(LightNet& net);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  static Task<void> keep_up(LightNet* net, std::uint32_t index, Duration delay);

  LightNet& net_;
  TaskGroup tasks_;
};

}  // namespace shoal::lab
