#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "system/system.h"
#include "system/task_group.h"

namespace shoal::quic {

/// One alarm for many that wait, each of whom moves its deadline with every packet. Moving one
/// later costs nothing but the books; making one the earliest costs a task that sleeps until then.
class Deadlines {
 public:
  /// `due` is called at or after a deadline, with the time. `tasks` is borrowed.
  Deadlines(Clock& clock, TaskGroup& tasks, std::function<void(TimePoint)> due)
      : clock_(clock), tasks_(tasks), due_(std::move(due)) {}

  void set(std::uint64_t who, TimePoint deadline) {
    clear(who);
    if (deadline == TimePoint::max()) return;
    deadlines_[who] = deadline;
    order_.emplace(deadline, who);
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
    if (order_.empty()) return;
    const TimePoint first = order_.begin()->first;
    if (!sleeping_.empty() && *sleeping_.begin() <= first) return;
    sleeping_.insert(first);
    tasks_.spawn(sleep(first));
  }
  Task<void> sleep(TimePoint until) {
    co_await clock_.sleep_until(until);
    sleeping_.erase(sleeping_.find(until));
    due_(clock_.now());
    arm();
  }

  Clock& clock_;
  TaskGroup& tasks_;
  const std::function<void(TimePoint)> due_;
  std::map<std::uint64_t, TimePoint> deadlines_;
  std::set<std::pair<TimePoint, std::uint64_t>> order_;
  std::multiset<TimePoint> sleeping_;
};

}  // namespace shoal::quic
