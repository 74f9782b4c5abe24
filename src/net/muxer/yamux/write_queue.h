#pragma once

#include <list>

#include "system/event.h"

namespace shoal::yamux {

/// Who may write to the connection: one at a time, in order of arrival. Whoever passes the turn on
/// and asks for it again waits behind all others, so that no stream keeps it from window updates
/// and pings.
class WriteQueue {
 public:
  explicit WriteQueue(Waits& waits) : waits_(waits) {}

  /// Returns when it is the caller's turn, who then calls pass(). Cancellable. Throws Error{closed}
  /// after close().
  Task<void> take();
  void pass() noexcept;
  /// Nobody gets a turn any more.
  void close() noexcept;

 private:
  /// Leaves the queue however its wait ends, also when its frame is freed in the middle of it.
  struct Waiter {
    explicit Waiter(WriteQueue& its_queue);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    WriteQueue& queue;
    shoal::Event changed;
    bool granted = false;
    bool took_it = false;
  };

  Waits& waits_;
  std::list<Waiter*> waiting_;
  bool taken_ = false;
  bool closed_ = false;
};

}  // namespace shoal::yamux
