#pragma once

#include <cstdint>
#include <optional>

#include "base/shared_bytes.h"
#include "format/multihash.h"
#include "system/task.h"

namespace shoal::content::bitswap {

/// What bitswap needs of a block store.
class BlockReader {
 public:
  virtual ~BlockReader() = default;
  virtual bool has(const Multihash& hash) = 0;
  virtual std::optional<std::uint64_t> size(const Multihash& hash) = 0;
  virtual Task<std::optional<SharedBytes>> get(Multihash hash) = 0;
};

}  // namespace shoal::content::bitswap
