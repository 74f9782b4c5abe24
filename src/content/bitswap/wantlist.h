#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "content/bitswap/message.h"
#include "content/bitswap/want_table.h"

namespace shoal::content::bitswap {

/// What all sessions together want of one peer, and how much of it the peer has been told.
/// Sans-I/O.
///
/// Changes gather until take(), so that all that arises in one step goes out in one message.
class Wantlist {
 public:
  using SessionId = std::uint64_t;

  /// More wants than this are not told: the peer would not keep them (PeerWants::kMaxWants).
  static constexpr std::size_t kMaxWants = 1024;
  /// Questions that were answered or withdrawn, and whose answers may still be under way.
  static constexpr std::size_t kMaxExcused = 8192;

  /// `again`: tell it even if it was told. `can_wait`: it need not be told at once.
  void set(SessionId session, const Cid& cid, Ask ask, std::uint64_t order, bool again,
           bool can_wait = false);
  /// The peer sent the block, which it no longer remembers as wanted.
  void answered(const Multihash& hash);
  /// The session wants nothing of the peer any more.
  void withdraw(SessionId session);
  /// The peer knows nothing any more.
  void forget_told();

  bool has_changes() const { return !changed_.empty(); }
  /// Some of the changes cannot wait.
  bool has_urgent_changes() const { return urgent_; }
  /// What to tell now; `full` tells everything.
  Message take(bool full, Version version);

  /// Whether the peer may rightly send this block, although perhaps no longer wanted.
  bool was_asked(const Multihash& hash) const;
  /// Wants that the peer has been told, and has neither sent nor been told to forget.
  std::size_t told() const { return told_; }
  /// WANT_BLOCKs that the peer has been told and not answered.
  std::size_t owed() const { return owed_; }
  /// These, in order.
  std::vector<Cid> owed_blocks();

 private:
  struct Entry {
    Cid cid;
    std::vector<std::pair<SessionId, Ask>> asks;  // few
    std::uint64_t order = 0;
    Ask told = Ask::nothing;
    bool changed = false;
  };

  static Ask wished(const Entry& entry);
  std::vector<Entry*> in_order();
  void set_told(Entry& entry, Ask told);
  void mark(Entry& entry, bool can_wait = false);
  void excuse(const Multihash& hash);
  void tell(Message& out, Entry& entry, Version version);

  std::unordered_map<Multihash, Entry> entries_;
  std::vector<Multihash> changed_;  // in order of the changes
  bool urgent_ = false;
  std::vector<Multihash> deferred_;  // changes that wait until the peer is told of less
  std::size_t told_ = 0;
  std::size_t owed_ = 0;
  std::deque<Multihash> excused_order_;
  std::unordered_set<Multihash> excused_;
};

}  // namespace shoal::content::bitswap
