#pragma once

#include "system/faults.h"
#include "system/offload.h"
#include "system/sim/clock.h"
#include "system/sim/event_queue.h"

namespace shoal::sim {

/// Runs the job in the caller's step; the caller goes on after `cost` of virtual time, and never in
/// the same step, as with real threads. Fault point: offload.late, which takes kLate longer; every
/// second time the job is begun only then, as behind others in a pool.
class InlineOffload final : public Offload {
 public:
  static constexpr Duration kLate = std::chrono::milliseconds(300);

  InlineOffload(EventQueue& events, const VirtualClock& clock, Faults& faults, Duration cost)
      : events_(events), clock_(clock), faults_(faults), cost_(cost) {}

  Task<void> run(Job job) override;
  unsigned parallelism() const override { return 4; }

 private:
  Task<void> pass(Duration duration);

  EventQueue& events_;
  const VirtualClock& clock_;
  Faults& faults_;
  Duration cost_;
  bool next_waits_ = false;
};

}  // namespace shoal::sim
