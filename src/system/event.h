#pragma once

#include <list>

#include "system/clock.h"
#include "system/waits.h"

namespace shoal {

/// What several coroutines wait for and one makes happen. Carries no state: look at the state,
/// wait, look again. May be destroyed while somebody waits; the waiters then stay asleep until
/// cancelled.
class Event {
 public:
  explicit Event(Waits& waits) : waits_(&waits) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Returns after the next notify. Cancellable.
  Task<void> wait();
  /// The same, going on when the caller is cancelled.
  Task<void> wait_uncancellable();
  /// Until the next notify or a deadline: whether it was notified. Throws only when cancelled.
  Task<bool> wait_until(Clock& clock, TimePoint deadline);
  Task<bool> wait_for(Clock& clock, Duration duration);

  void notify_all();
  /// Wakes the one that has waited longest.
  void notify_one();

 private:
  void add(Waits::Id id);
  void drop_cancelled();

  Waits* waits_;
  std::list<Waits::Id> waiting_;  // in order of arrival; some may have been cancelled since
  std::size_t look_at_ = 8;       // cancelled ones are dropped when the list is this long
};

}  // namespace shoal
