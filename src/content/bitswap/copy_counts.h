#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
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
    return look(recent_, key).count + look(older_, key).count;
  }
  /// Whom the only copy was sent to; none when there are more, or none.
  std::optional<std::uint32_t> only_holder(const Multihash& hash) const {
    const std::uint64_t key = key_of(hash);
    const Copies recent = look(recent_, key);
    const Copies older = look(older_, key);
    if (recent.count + older.count != 1) return std::nullopt;
    return recent.count == 1 ? recent.last : older.last;
  }
  void add(const Multihash& hash, std::uint32_t peer) {
    if (recent_.size() >= kMaxBlocks / 2) older_ = std::exchange(recent_, {});
    Copies& copies = recent_[key_of(hash)];
    ++copies.count;
    copies.last = peer;
  }
  /// It did not get there.
  void take_back(const Multihash& hash) {
    const std::uint64_t key = key_of(hash);
    for (Counts* counts : {&recent_, &older_}) {
      const auto found = counts->find(key);
      if (found == counts->end() || found->second.count == 0) continue;
      --found->second.count;
      return;
    }
  }
  std::size_t size() const { return recent_.size() + older_.size(); }

 private:
  struct Copies {
    std::uint32_t count = 0;
    std::uint32_t last = 0;  // the number of the peer
  };
  using Counts = boost::unordered_flat_map<std::uint64_t, Copies>;

  /// Keyed, so that no peer can find blocks that share a count.
  std::uint64_t key_of(const Multihash& hash) const {
    std::uint64_t out = secret_;
    for (const std::uint8_t byte : hash.encoded()) out = (out ^ byte) * 0x100000001b3ULL;
    return out;
  }
  static Copies look(const Counts& counts, std::uint64_t key) {
    const auto found = counts.find(key);
    return found == counts.end() ? Copies{} : found->second;
  }

  const std::uint64_t secret_;
  Counts recent_;
  Counts older_;
};

}  // namespace shoal::content::bitswap
