#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "system/event.h"
#include "system/system.h"

namespace shoal::net {

/// A rate shared by many members. While it is exhausted, those that had the least lately are served
/// first, however much they ask for: start-time fair queueing (Goyal, Vin, Cheng 1996).
class FairQueue {
 public:
  /// One of those who share. Must not outlive the queue, and not be freed while it waits.
  class Member {
   public:
    explicit Member(FairQueue& queue) : changed_(queue.system_.waits) {}
    /// What acquire() waits for may have changed.
    void look_again() { changed_.notify_all(); }

   private:
    friend class FairQueue;
    double had_ = 0;
    Event changed_;
  };

  /// What is not taken is kept, up to `burst`.
  FairQueue(System& system, double burst, double per_second)
      : system_(system), burst_(burst), per_second_(per_second), tokens_(burst) {}

  /// Returns when it has taken `amount`, or, having taken nothing, as soon as `must_wait` says that
  /// there is no need to any more. Cancellable.
  Task<void> acquire(Member& member, double amount, const std::function<bool()>& must_wait);
  void release(double amount);

 private:
  class Waiter;
  /// What a member will have had when it has been served with all that it asked for so far, then
  /// the order of arrival.
  using Rank = std::pair<double, std::uint64_t>;

  Task<void> wait_in_queue(Member& member, double amount, const std::function<bool()>& must_wait);
  bool has_tokens();
  void wake_first();

  System& system_;
  const double burst_;
  const double per_second_;
  double tokens_;
  TimePoint refilled_{};
  double served_ = 0;  // the virtual time of the queue
  std::uint64_t next_order_ = 0;
  std::map<Rank, Waiter*> waiting_;
};

}  // namespace shoal::net
