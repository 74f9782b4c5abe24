#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "protocol/pex/message.h"
#include "system/random.h"

namespace shoal::pex {

/// The peers of one root that may be named to the others. Sans-I/O.
class Roster {
 public:
  /// One more is not named to anybody.
  static constexpr std::size_t kMaxPeers = 512;
  /// Peers that one asker is told in all: enough to find some that it can reach.
  static constexpr std::size_t kMaxTold = 32;
  /// Of those that are there when it asks.
  static constexpr std::size_t kMaxFirst = 6;
  /// Of those that come later, at once: many come together when a transfer begins.
  static constexpr std::size_t kMaxNews = 1;

  /// What one asker has been told.
  struct Told {
    std::set<PeerId> peers;
    bool asked = false;
  };

  /// A peer whose record is valid, once for each stream over which it is a peer of this root. A
  /// newer record replaces the older.
  void add(const PeerId& peer, Bytes record);
  void remove(const PeerId& peer);
  std::size_t size() const { return peers_.size(); }

  /// Whom to tell `asker` next, chosen at random: not itself, and nobody twice.
  std::vector<Named> news(const PeerId& asker, Told& told, Random& random) const;

 private:
  struct Entry {
    Bytes record;
    std::size_t streams = 0;
  };
  std::map<PeerId, Entry> peers_;
};

}  // namespace shoal::pex
