#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/shared_bytes.h"
#include "format/multihash.h"
#include "system/task.h"

namespace shoal::content::bitswap {

/// What bitswap needs of a block store.
class BlockReader {
 public:
  virtual ~BlockReader() = default;
  /// None when it is not held.
  virtual std::optional<std::uint64_t> size(const Multihash& hash) = 0;
  /// In the order of the hashes; none for a block that is not held after all.
  virtual Task<std::vector<std::optional<SharedBytes>>> get(std::vector<Multihash> hashes) = 0;
};

}  // namespace shoal::content::bitswap
