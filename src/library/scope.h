#pragma once

#include <shoal/async.h>

#include "library/loop.h"

namespace shoal::detail {

/// What the coroutines of one job share. They await one another, so at any moment one of them at
/// most waits for something of the loop. Used on the loop only.
class Scope {
 public:
  /// What it waits for.
  class Wait {
   public:
    /// Lets the wait end soon, by operation_aborted; in a later step.
    virtual void cancel() = 0;

   protected:
    ~Wait() = default;
  };

  explicit Scope(library::Loop& loop) : loop_(loop) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  library::Loop& loop() { return loop_; }

  /// For good.
  void cancel() {
    cancelled_ = true;
    if (wait_ != nullptr) wait_->cancel();
  }
  bool cancelled() const { return cancelled_; }

  void begin(Wait& wait) { wait_ = &wait; }
  void end() { wait_ = nullptr; }

 private:
  library::Loop& loop_;
  bool cancelled_ = false;
  Wait* wait_ = nullptr;
};

}  // namespace shoal::detail
