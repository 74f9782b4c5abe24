#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "format/multihash.h"
#include "format/peer_id.h"
#include "protocol/kad/key.h"
#include "protocol/kad/message.h"
#include "system/time.h"

namespace shoal::kad {

/// What one peer is to be told.
struct Announcement {
  PeerId peer;
  std::vector<Multihash> contents;
};

/// When which content is announced again, without I/O.
///
/// A sweep goes through the key space once in kPeriod, in the order of keys: each key has its
/// moment, the same in every sweep. One lookup serves a region: of the closest peers to a key it
/// finds all within some prefix, and the content under that prefix goes to them without lookups of
/// its own. So the lookups of a sweep are bounded by the content and by the size of the network.
class ReprovideSchedule {
 public:
  /// libp2p specs, kad-dht, "Content provider advertisement": records live 48 h.
  static constexpr Duration kPeriod = 22h;
  /// Content that shares a lookup is announced before its moment by this much at most.
  static constexpr Duration kMaxEarly = 1h;
  /// Of one lookup.
  static constexpr std::size_t kMaxBatch = 1024;
  static constexpr std::size_t kSavedBytes = 1 + 8 + Key::kBytes;

  /// The sweep begins now.
  explicit ReprovideSchedule(WallTime now) : sweep_began_(now) {}
  /// Goes on where save() left off; what was missed meanwhile is due at once. Content is to be
  /// added again. Throws Error{malformed}.
  static ReprovideSchedule resume(ByteView saved, WallTime now);
  Bytes save() const;

  /// Announced when its moment comes: whoever adds it announces it the first time.
  void add(const Multihash& content) { contents_.insert_or_assign(Key::of(content), content); }
  void remove(const Multihash& content) { contents_.erase(Key::of(content)); }
  std::size_t size() const { return contents_.size(); }

  /// Content that is due and whose closest peers are to be looked up next.
  std::optional<Multihash> next(WallTime now);
  /// When next() has something; none while there is no content.
  std::optional<WallTime> next_due(WallTime now);

  /// The lookup toward `content` found `closest`, nearest first. What is to be told to whom; that
  /// content, and all that shares the region, is done for this sweep.
  std::vector<Announcement> looked_up(const Multihash& content, std::span<const PeerId> closest,
                                      WallTime now);

 private:
  using Contents = std::map<Key, Multihash>;

  WallTime moment_of(const Key& key) const;
  Contents::const_iterator upcoming(WallTime now);
  std::vector<PeerId> candidates(std::span<const PeerId> closest) const;

  WallTime sweep_began_;
  /// Where the sweep is: what lies before is done.
  std::optional<Key> done_up_to_;
  Contents contents_;
  /// Of the last lookup: neighbours of the next region.
  std::vector<PeerId> last_closest_;
};

}  // namespace shoal::kad
