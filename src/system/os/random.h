#pragma once

#include "system/random.h"

namespace shoal::os {

/// The kernel's generator. Usable from any thread.
class KernelRandom final : public Random {
 public:
  void fill(MutableBytes out) override;
};

}  // namespace shoal::os
