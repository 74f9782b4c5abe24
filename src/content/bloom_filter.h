#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace shoal::content {

/// A Bloom filter that grows with what is added, up to kMaxBytes: some 10 bits for each key.
class BloomFilter {
 public:
  /// Enough for 30 million keys; beyond that, more and more new ones are taken for known.
  static constexpr std::size_t kMaxBytes = std::size_t{38} << 20;

  /// Adds the key. False when it was added before; rarely (2 %) also for a new one.
  bool insert(ByteView key);

  std::size_t bytes() const { return bytes_; }

 private:
  struct Stage {
    explicit Stage(std::size_t bytes) : words(bytes / sizeof(std::uint64_t)) {}
    std::vector<std::uint64_t> words;
    std::size_t keys = 0;
  };

  void grow();

  std::vector<Stage> stages_;  // each four times as large as the one before; the last one is filled
  std::size_t bytes_ = 0;
};

}  // namespace shoal::content
