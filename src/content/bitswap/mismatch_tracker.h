#pragma once

#include <cstddef>
#include <vector>

#include "content/bitswap/message.h"

namespace shoal::content::bitswap {

/// In whose place a peer sent something else. Sans-I/O.
///
/// A block comes without its digest, so of one that was tampered with nothing tells which it should
/// have been. But its sender goes on with what it was asked for: each right answer takes one off
/// those that the wrong ones may have stood for, until there are no more of these than wrong ones.
class MismatchTracker {
 public:
  /// The first wrong block, from a peer that owes these, in the order of asking; not none.
  MismatchTracker(std::vector<Cid> owed, const CidPrefix& prefix);

  /// Another one came.
  void wrong() { ++wrong_; }
  /// What it was asked for came from it.
  void right(const Multihash& hash);

  /// All that was owed has come: the wrong block stood for none of it.
  bool cleared() const { return suspects_.empty(); }
  /// Whether suspect() is beyond doubt.
  bool certain() const { return suspects_.size() <= wrong_; }
  std::size_t suspects() const { return suspects_.size(); }
  bool suspects(const Multihash& hash) const;
  /// Most peers answer in the order of asking: while in doubt, it is the first that they owe. Not
  /// when cleared.
  const Cid& suspect() const { return suspects_.front(); }

 private:
  std::vector<Cid> suspects_;
  std::size_t wrong_ = 1;
};

}  // namespace shoal::content::bitswap
