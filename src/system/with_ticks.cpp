#include "system/with_ticks.h"

#include <exception>

#include "system/event.h"
#include "system/task_group.h"

namespace shoal {

namespace {

struct Ticking {
  explicit Ticking(Waits& waits) : changed(waits) {}

  void end(std::exception_ptr with = nullptr) {
    if (!ended) error = std::move(with);
    ended = true;
    changed.notify_all();
  }

  bool ended = false;
  std::exception_ptr error;
  Event changed;
};

Task<void> work_to_the_end(Ticking& ticking, Task<void> task) {
  try {
    co_await std::move(task);
    ticking.end();
  } catch (...) {
    ticking.end(std::current_exception());
  }
}

Task<void> tick_on(Ticking& ticking, Clock& clock, Duration period, std::function<void()>& tick) {
  for (;;) {
    co_await clock.sleep_for(period);
    try {
      tick();
    } catch (...) {
      ticking.end(std::current_exception());
      co_return;
    }
  }
}

}  // namespace

Task<void> with_ticks(System& system, Duration period, std::function<void()> tick,
                      Task<void> task) {
  Ticking ticking(system.waits);
  TaskGroup group(system.waits, "ticks");
  group.spawn(work_to_the_end(ticking, std::move(task)));
  group.spawn(tick_on(ticking, system.clock, period, tick));
  std::exception_ptr cancelled;
  try {
    while (!ticking.ended) co_await ticking.changed.wait();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await group.stop();
  if (cancelled) std::rethrow_exception(cancelled);
  if (ticking.error) std::rethrow_exception(ticking.error);
  tick();
}

}  // namespace shoal
