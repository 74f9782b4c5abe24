#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "content/served/served_blocks.h"
#include "content/store/block_store.h"
#include "format/cid.h"
#include "system/task.h"

namespace shoal::service {

/// The blocks of one tree, numbered, to tell which of them a peer has been sent. About 20 bytes of
/// memory a block.
class TreeBlocks {
 public:
  /// Has the keys of `served` for its blocks; borrows it for its life.
  explicit TreeBlocks(const content::ServedBlocks& served) : served_(served) {}

  static constexpr std::size_t kMaxBlocks = std::size_t{1} << 20;
  static constexpr std::uint64_t kMaxReadBytes = 256 * 1024 * 1024;

  /// Reads the interior nodes from `store`, which holds the whole tree. A tree that exceeds the
  /// bounds, or is not all held, counts as unknown. Once.
  Task<void> read(content::BlockStore& store, Cid root);

  bool known() const { return known_; }
  std::size_t size() const { return numbers_.size(); }
  bool contains(const Multihash& hash) const { return numbers_.contains(served_.key_of(hash)); }

 private:
  friend class Delivery;
  bool add(const Cid& cid, std::vector<Cid>& unread);

  const content::ServedBlocks& served_;
  bool known_ = false;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> numbers_;
};

/// Which blocks of a tree one peer has been sent.
class Delivery {
 public:
  /// True when this was the last that was missing.
  bool sent(const TreeBlocks& tree, const Multihash& hash);

 private:
  std::vector<bool> sent_;
  std::size_t count_ = 0;
};

}  // namespace shoal::service
