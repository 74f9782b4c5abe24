#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "system/timer.h"

namespace shoal::quic {

/// One timer for many that wait, each of whom moves its deadline with every row of packets. Moving
/// one later costs nothing but the books: the timer rings once in vain.
class Deadlines {
 public:
  /// `due` is called at or after a deadline, with the time.
  Deadlines(Clock& clock, std::function<void(TimePoint)> due)
      : clock_(clock), due_(std::move(due)), timer_(clock, [this] { ring(); }) {}

  void set(std::uint64_t who, TimePoint deadline) {
    if (deadline == TimePoint::max()) return clear(who);
    const auto [place, is_new] = deadlines_.try_emplace(who, deadline);
    if (is_new) {
      order_.emplace(deadline, who);
    } else if (place->second != deadline) {
      auto moved = order_.extract({place->second, who});
      moved.value().first = place->second = deadline;
      order_.insert(std::move(moved));
    }
    arm();
  }
  void clear(std::uint64_t who) {
    const auto found = deadlines_.find(who);
    if (found == deadlines_.end()) return;
    order_.erase({found->second, who});
    deadlines_.erase(found);
  }
  /// Takes off one whose deadline is at or before `now`; 0 when there is none.
  std::uint64_t take_due(TimePoint now) {
    if (order_.empty() || order_.begin()->first > now) return 0;
    const std::uint64_t who = order_.begin()->second;
    clear(who);
    return who;
  }

 private:
  void arm() {
    if (order_.empty() || order_.begin()->first >= armed_) return;
    armed_ = order_.begin()->first;
    timer_.set(armed_);
  }
  void ring() {
    armed_ = TimePoint::max();
    due_(clock_.now());
    arm();
  }

  Clock& clock_;
  const std::function<void(TimePoint)> due_;
  std::map<std::uint64_t, TimePoint> deadlines_;
  std::set<std::pair<TimePoint, std::uint64_t>> order_;
  TimePoint armed_ = TimePoint::max();
  Timer timer_;
};

}  // namespace shoal::quic
