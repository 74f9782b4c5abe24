#include "content/bloom_filter.h"

#include <algorithm>

#include "format/murmur3.h"

namespace shoal::content {

namespace {

constexpr std::size_t kFirstBytes = std::size_t{4} << 10;
constexpr std::size_t kLargestBytes = std::size_t{16} << 20;
constexpr std::size_t kBitsPerKey = 10;
constexpr unsigned kProbes = 6;

/// Whoever chooses keys that collide only makes them count as known.
struct Probes {
  explicit Probes(ByteView key) {
    const std::uint64_t hash = murmur3_x64_64(key);
    at = hash & 0xffffffff;
    step = hash >> 32 | 1;
  }
  /// The bit of the n-th probe, of a power of two of them.
  std::uint64_t bit(unsigned n, std::uint64_t bits) const { return (at + n * step) & (bits - 1); }

  std::uint64_t at;
  std::uint64_t step;
};

bool has(const std::vector<std::uint64_t>& words, const Probes& probes) {
  for (unsigned n = 0; n < kProbes; ++n) {
    const std::uint64_t bit = probes.bit(n, words.size() * 64);
    if ((words[bit / 64] >> bit % 64 & 1) == 0) return false;
  }
  return true;
}

void set(std::vector<std::uint64_t>& words, const Probes& probes) {
  for (unsigned n = 0; n < kProbes; ++n) {
    const std::uint64_t bit = probes.bit(n, words.size() * 64);
    words[bit / 64] |= std::uint64_t{1} << bit % 64;
  }
}

}  // namespace

bool BloomFilter::insert(ByteView key) {
  const Probes probes(key);
  for (const Stage& stage : stages_) {
    if (has(stage.words, probes)) return false;
  }
  if (stages_.empty() || stages_.back().keys >= stages_.back().words.size() * 64 / kBitsPerKey) {
    grow();
  }
  set(stages_.back().words, probes);
  ++stages_.back().keys;
  return true;
}

void BloomFilter::grow() {
  std::size_t more = kFirstBytes;
  if (!stages_.empty()) {
    const std::size_t last = stages_.back().words.size() * sizeof(std::uint64_t);
    more = std::min(4 * last, kLargestBytes);
  }
  if (bytes_ + more > kMaxBytes) return;
  stages_.emplace_back(more);
  bytes_ += more;
}

}  // namespace shoal::content
