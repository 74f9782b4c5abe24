#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "format/peer_id.h"
#include "net/swarm/swarm.h"
#include "system/event.h"
#include "system/system.h"

namespace shoal::content::bitswap {

/// Memory that all peers share, some of whom may never give back what they hold.
///
/// Who asks while it is full waits; those come first who have finished something before, then
/// those of sites that did no harm, then in order of arrival. Half of it is kept for the first: who
/// takes what it asked for never waits for those who take nothing. One of whom we ask something is
/// among them. A holder that stands still loses its
/// place to whoever waits: it is sent away. It does when it has not moved for some round trips to
/// it, though the others have moved kTurns times each meanwhile, or nobody has: on a slow line all
/// move slowly, and none of them is to blame. While there is room, the slowest peer may take its
/// time.
class Room {
 public:
  static constexpr Duration kMinPatience = 250ms;
  static constexpr Duration kMaxPatience = 2s;
  static constexpr int kRoundTrips = 4;
  static constexpr std::uint64_t kTurns = 4;

  /// What it asks of the swarm. `send_away` must make the holder let go soon.
  struct Peers {
    std::function<void(const PeerId&)> send_away;
    std::function<std::size_t(const PeerId&)> strikes;
    /// Whether it owes us answers.
    std::function<bool(const PeerId&)> expected;
    /// Zero while it has not answered a ping.
    std::function<Duration(const PeerId&)> round_trip;
  };

  Room(System& system, std::size_t bytes, Peers peers)
      : system_(system), bytes_(bytes), peers_(std::move(peers)) {}

  /// A part of the room, until it is destroyed.
  class Share {
   public:
    Share(Room& room, const PeerId& peer, std::size_t bytes);
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// The peer took or gave a part of it.
    void moved();
    /// The peer took or gave all of it: it comes first from now on.
    void finished();
    /// Less was needed.
    void shrink(std::size_t bytes);

   private:
    friend class Room;
    Room& room_;
    const PeerId peer_;
    std::size_t bytes_;
    const bool proven_;  // when it began
    TimePoint moved_at_;
    std::uint64_t moves_before_ = 0;  // of all holders, when it last moved
    bool has_moved_ = false;
    bool sent_away_ = false;
    std::list<Share*>::iterator place_;
  };

  /// `bytes` count as the whole room at most. Cancellable.
  Task<std::unique_ptr<Share>> take(PeerId peer, std::size_t bytes);
  /// Whether the peer has finished something since it connected, or is of use to us.
  bool is_proven(const PeerId& peer) const {
    return proven_.contains(peer) || peers_.expected(peer);
  }
  /// Its last connection ended.
  void forget(const PeerId& peer) { proven_.erase(peer); }

  std::size_t used_bytes() const { return used_; }

  /// For a room among the peers of a swarm, which sends away who holds `what` and stands still.
  static Peers peers_of(net::Swarm& swarm, std::string what);

 private:
  using Rank = std::tuple<bool, std::size_t, std::uint64_t>;
  class Waiter;

  bool make_room(std::size_t bytes, bool proven);
  bool has_room(std::size_t bytes, bool proven) const;
  void give_back(const Share& share, std::size_t bytes);
  Duration patience_with(const Share& share) const;
  bool stands_still(const Share& share) const;
  Task<void> wait_for_change(Waiter& waiter);
  void wake_first();

  System& system_;
  const std::size_t bytes_;
  const Peers peers_;
  std::size_t used_ = 0;
  std::size_t used_by_unproven_ = 0;
  std::uint64_t moves_ = 0;
  TimePoint last_move_;
  std::list<Share*> held_;  // the one that has not moved for longest first
  std::map<Rank, Waiter*> waiting_;
  std::uint64_t next_order_ = 0;
  std::set<PeerId> proven_;  // connected ones
};

}  // namespace shoal::content::bitswap
