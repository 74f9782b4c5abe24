#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "protocol/kad/message.h"
#include "system/time.h"

namespace shoal::kad {

/// Peers that answered once, had a seat in the routing table, and lost it because they answered no
/// more. Most have gone for good. But when a network was split, they are the only way back to its
/// other part: so some are tried again now and then, each with growing pauses. Sans-I/O.
class LostPeers {
 public:
  /// Beyond it the one that was tried most often goes, of those the one that was lost first.
  static constexpr std::size_t kMaxPeers = 64;
  static constexpr Duration kFirstPause = 1min;
  static constexpr Duration kMaxPause = 10min;
  /// Since it was lost: as long as its records live.
  static constexpr Duration kForgetAfter = 48h;
  /// Of one call of due(): a dial or two a minute.
  static constexpr std::size_t kMaxAtOnce = 2;

  /// It lost its seat. Addresses beyond PeerInfo::kMaxAddresses are left out; without any it is not
  /// remembered. One that is remembered already keeps its pause.
  void lost(const PeerId& peer, std::vector<Multiaddr> addresses, TimePoint now);
  /// It answered: true when it was remembered.
  bool found(const PeerId& peer);

  /// Whom to try now, those that are due for longest first. Each gets its next pause.
  std::vector<PeerInfo> due(TimePoint now);

  std::size_t size() const { return peers_.size(); }

 private:
  struct Lost {
    std::vector<Multiaddr> addresses;
    TimePoint lost_at;
    TimePoint due_at;
    Duration pause = kFirstPause;
  };

  void make_room();

  std::map<PeerId, Lost> peers_;
};

}  // namespace shoal::kad
