#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "format/cid.h"
#include "net/swarm/swarm.h"
#include "routing/routing.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::service {

/// What the peers of a topic announce and look for, as go-libp2p-pubsub does over its routing
/// discovery: the CID of a raw block that holds "floodsub:" and the topic.
Cid meeting_point(const std::string& topic);

/// Looks for the other peers of one topic, again and again, and connects to them.
class TopicSearch final : routing::Routing::Watcher {
 public:
  /// Peers of the topic with which it looks no further for a while.
  static constexpr std::size_t kEnoughPeers = 12;
  static constexpr std::size_t kMaxDials = 4;
  static constexpr std::size_t kMaxWaiting = 64;
  /// Former peers that are tried again, so often.
  static constexpr std::size_t kMaxFormer = 64;
  static constexpr unsigned kMaxReturns = 8;
  /// Peers that could not be connected, whose next dial is remembered.
  static constexpr std::size_t kMaxFailed = 256;
  /// Between searches: the first for the first few, in which others start as well, then doubling up
  /// to the second while too few are here, else the third.
  static constexpr unsigned kQuickSearches = 10;
  static constexpr Duration kFirstPause = 500ms;
  static constexpr Duration kLongestPause = 15s;
  static constexpr Duration kPauseWithEnough = 2min;
  /// Peers that do not answer do not keep those waiting who begin together.
  static constexpr Duration kRoundPatience = 500ms;
  /// Until one that could not be connected is tried again, doubling.
  static constexpr Duration kFirstRetry = 1s;
  static constexpr Duration kLongestRetry = 5min;
  /// Between announcements: while nobody could be told, and afterwards, as networks change.
  static constexpr Duration kAnnounceSoon = 1s;
  static constexpr Duration kAnnounceAgain = 10min;

  struct Options {
    std::string topic;
    /// Can be found by others.
    bool announce = true;
    /// Peers of the topic that are connected.
    std::function<std::size_t()> count_peers;
  };

  /// Borrows all for its life; stop() must have returned before it is destroyed.
  TopicSearch(System& system, net::Swarm& swarm, routing::Routing& routing, Options options);

  void start();
  Task<void> stop();
  /// A peer was in the topic, and is not connected any more: to be looked for as those found.
  void remember(const PeerId& peer);

 private:
  struct Failed {
    TimePoint next;
    Duration pause;
  };

  void found(const routing::Found& peer) override;
  Duration searched() override;
  Duration patience() const override { return kRoundPatience; }
  Task<void> keep_announcing();
  Task<void> run_dials();
  Task<void> dial(PeerId peer);
  bool has_enough() const { return options_.count_peers() >= kEnoughPeers; }
  bool may_dial(const PeerId& peer) const;
  void note_failure(const PeerId& peer);
  void want(const PeerId& peer);
  void try_former();

  System& system_;
  net::Swarm& swarm_;
  routing::Routing& routing_;
  const Options options_;
  const Cid cid_;
  std::shared_ptr<void> searching_;
  unsigned searches_ = 0;
  Duration pause_ = kFirstPause;
  std::deque<PeerId> waiting_;
  std::set<PeerId> dialling_;
  std::size_t dials_ = 0;
  std::map<PeerId, Failed> failed_;
  std::map<PeerId, unsigned> former_;  // tries
  TaskGroup tasks_;
};

}  // namespace shoal::service
