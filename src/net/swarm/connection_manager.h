#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "format/peer_id.h"
#include "net/swarm/protocol_table.h"
#include "system/time.h"

namespace shoal::net {

/// How many connections a node keeps of its own accord. Above `high`, the least useful are closed
/// until `low` are left. The limits in ConnectionLimits are hard and hold besides.
struct ConnectionMarks {
  std::size_t low = 160;
  std::size_t high = 192;
  /// A new connection is not trimmed for so long; less under pressure.
  Duration grace = 20s;
  /// A connection without streams, tags and protection ends after so long.
  Duration idle_timeout = 5min;
};

/// What a connection is used for.
struct ConnectionUse {
  TimePoint opened_at{};
  TimePoint last_used{};  // a stream began or ended, or content moved
  std::optional<TimePoint> last_transfer{};
  bool solicited = false;            // we wait for what the peer sends
  std::size_t own_streams = 0;       // open, opened by us
  std::size_t served_streams = 0;    // open, opened by the peer
  std::size_t streams_in_order = 0;  // of the peer, that ended without error
  std::size_t crowd = 0;             // inbound connections from its IP prefix; 0 for outbound
};

/// Which connections to keep: tags and protection by peer, and the choice of those to close.
/// Sans-I/O: is given the time and the connections, returns ids.
///
///   protected, solicited, or content moved in the last minute   never trimmed
///   younger than the grace period, or with a stream of ours      trimmed under pressure only
///   the rest                                                     lowest rank first
class ConnectionManager {
 public:
  /// Peers with tags or protection. Beyond it the peer with the lowest value is forgotten;
  /// protected peers never are.
  static constexpr std::size_t kMaxPeers = 8192;
  /// Tags, and reasons of protection, of one peer.
  static constexpr std::size_t kMaxNamesPerPeer = 32;
  static constexpr std::size_t kMaxNameBytes = 64;
  /// Pressure is full when the high mark has been exceeded for so long, or twofold: no grace then.
  static constexpr Duration kLongestOvershoot = 5s;
  /// A peer that moved content so recently is left to the hard limits.
  static constexpr Duration kTransferGrace = 1min;

  struct Candidate {
    ConnectionId id = 0;
    PeerId peer;
    ConnectionUse use;
  };

  explicit ConnectionManager(ConnectionMarks marks) : marks_(marks) {}

  const ConnectionMarks& marks() const { return marks_; }

  /// Adds to the value of `peer` under a name such as "kad"; replaces the earlier value of that
  /// name. Holds until untag(), connected or not. Throws Error{limit} for too many or too long
  /// names.
  void tag(const PeerId& peer, const std::string& name, std::int32_t value);
  void untag(const PeerId& peer, const std::string& name);
  /// Connections to `peer` are not trimmed while one reason is left. Throws Error{limit} for too
  /// many or too long names, and when kMaxPeers are protected.
  void protect(const PeerId& peer, const std::string& reason);
  void unprotect(const PeerId& peer, const std::string& reason);

  bool is_protected(const PeerId& peer) const;
  /// The sum of its tags.
  std::int64_t value(const PeerId& peer) const;
  /// Why it is kept: reasons of protection, then tags as "name=value", each in order of name.
  std::vector<std::string> reasons(const PeerId& peer) const;
  std::size_t size() const { return peers_.size(); }

  /// Orders connections by usefulness, lowest first: value of the peer, whether content moved,
  /// whether a stream is open, whether one ever ended in order, how few share its IP prefix, time
  /// of last use.
  struct Rank {
    std::int64_t value = 0;
    bool has_transfer = false;
    bool has_streams = false;
    bool was_in_order = false;
    std::int64_t uncrowded = 0;
    TimePoint last_used;
    auto operator<=>(const Rank&) const = default;
  };
  Rank rank(const PeerId& peer, const ConnectionUse& use) const;

  /// Those to close so that the low mark is met, least useful first; none at or below the high
  /// mark. To be asked at least every second while there are more than that.
  std::vector<ConnectionId> excess(std::span<const Candidate> open, TimePoint now);
  /// Those that nobody has used for the idle timeout, and nobody wants.
  std::vector<ConnectionId> idle(std::span<const Candidate> open, TimePoint now) const;

 private:
  struct Entry {
    std::map<std::string, std::int32_t> tags;
    std::set<std::string> protections;

    std::int64_t value() const;
  };

  Entry& entry(const PeerId& peer);
  const Entry* find(const PeerId& peer) const;
  void forget_if_empty(const PeerId& peer);
  void make_room();
  Duration grace(std::size_t open, TimePoint now) const;
  bool may_trim(const Candidate& candidate, Duration grace, TimePoint now) const;

  const ConnectionMarks marks_;
  std::map<PeerId, Entry> peers_;
  std::optional<TimePoint> above_since_;
};

}  // namespace shoal::net
