#pragma once

#include <deque>

#include "system/event.h"

namespace shoal::yamux {

/// Who may write to the connection: one at a time, in order of arrival. Whoever passes the turn on
/// and asks for it again waits behind all others, so that no stream keeps it from window updates
/// and pings.
class Turns {
 public:
  explicit Turns(Waits& waits) : waits_(waits) {}

  /// Returns when it is the caller's turn, who then calls pass(). Cancellable. Throws Error{closed}
  /// after close().
  Task<void> take();
  void pass() noexcept;
  /// Nobody gets a turn any more.
  void close() noexcept;

 private:
  struct Waiter {
    explicit Waiter(Waits& waits) : changed(waits) {}
    shoal::Event changed;
    bool granted = false;
  };

  Waits& waits_;
  std::deque<Waiter*> waiting_;
  bool taken_ = false;
  bool closed_ = false;
};

}  // namespace shoal::yamux
