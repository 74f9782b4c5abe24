#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "system/system.h"

namespace shoal::library {

/// Where the coroutines of a node run: a thread of the real world, or a simulation.
class Loop {
 public:
  using Step = std::move_only_function<void()>;
  virtual ~Loop() = default;

  virtual System& system() = 0;
  /// Whether the caller is a step of this loop, which must not block.
  virtual bool inside() const = 0;
  /// Whether the caller may touch what is on this loop.
  virtual bool on_thread() const = 0;
  /// Runs `step` soon; from any thread. False when the loop has ended.
  virtual bool post(Step step) = 0;
  /// Blocks a caller from outside until somebody sets the flag and notifies.
  virtual void block_until(const std::atomic<bool>& flag) = 0;
  /// The number of the next signal that asks the process to end.
  virtual Task<int> wait_for_signal() = 0;
  virtual std::string temporary_folder() const = 0;
  /// Whether a seed must reproduce what happens.
  virtual bool is_simulated() const = 0;
  /// No step runs any more after this. From outside; once.
  virtual void end() = 0;

  /// What is the same for nodes that can await each other.
  const Waits& world() { return system().waits; }
};

/// Runs `step` on the loop's thread and returns afterwards; rethrows. Throws Error{closed} at its
/// end.
void call(Loop& loop, Loop::Step step);

}  // namespace shoal::library
