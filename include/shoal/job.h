#pragma once

#include <memory>

#include <shoal/async.h>

namespace shoal {

namespace library {
struct JobCore;
}

/// A coroutine that Node::spawn started. Only a handle: dropping it lets the coroutine go on, and
/// the node's stop() cancels and awaits all. Copies name the same job. All functions may be called
/// from any thread, also after the node was stopped.
///
/// An exception that leaves the coroutine goes to whoever wait()s or awaits joined(). When nobody
/// did by the time that the last handle goes, it goes to NodeOptions::on_error, or into the log;
/// Cancelled goes nowhere.
class Job {
 public:
  explicit Job(std::shared_ptr<library::JobCore> core) : core_(std::move(core)) {}

  /// What the coroutine waits for, now or next, throws Cancelled. Returns at once; again or after
  /// its end it does nothing.
  void cancel();
  bool ended() const;

  /// Blocks the calling thread until it has ended; rethrows what left it, Cancelled included. In a
  /// simulation this lets time pass. Throws Error{usage} on the node's own loop: use joined()
  /// there.
  void wait();
  /// The same for coroutines of the node. Cancelling the one that waits does not cancel the job.
  Async<void> joined();

 private:
  std::shared_ptr<library::JobCore> core_;
};

}  // namespace shoal
