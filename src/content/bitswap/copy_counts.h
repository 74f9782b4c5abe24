#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "format/multihash.h"

namespace shoal::content::bitswap {

/// How many peers of a swarm each block has been sent to lately. The blocks sent longest ago are
/// forgotten first, half of them at a time; they count as sent to nobody.
class CopyCounts {
 public:
  /// Blocks remembered: some 32 bytes each.
  static constexpr std::size_t kMaxBlocks = std::size_t{1} << 17;

  explicit CopyCounts(std::uint64_t secret) : secret_(secret) {}

  std::uint32_t of(const Multihash& hash) const {
    const std::uint64_t key = key_of(hash);
    return look(recent_, key) + look(older_, key);
  }
  void add(const Multihash& hash) {
    if (recent_.size() >= kMaxBlocks / 2) older_ = std::exchange(recent_, {});
    ++recent_[key_of(hash)];
  }
  /// It did not get there.
  void take_back(const Multihash& hash) {
    const std::uint64_t key = key_of(hash);
    for (Counts* counts : {&recent_, &older_}) {
      const auto found = counts->find(key);
      if (found == counts->end() || found->second == 0) continue;
      --found->second;
      return;
    }
  }
  std::size_t size() const { return recent_.size() + older_.size(); }

 private:
  using Counts = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

  /// Keyed, so that no peer can find blocks that share a count.
  std::uint64_t key_of(const Multihash& hash) const {
    std::uint64_t out = secret_;
    for (const std::uint8_t byte : hash.encoded()) out = (out ^ byte) * 0x100000001b3ULL;
    return out;
  }
  static std::uint32_t look(const Counts& counts, std::uint64_t key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
  }

  const std::uint64_t secret_;
  Counts recent_;
  Counts older_;
};

}  // namespace shoal::content::bitswap
