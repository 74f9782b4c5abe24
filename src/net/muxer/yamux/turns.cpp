#include "net/muxer/yamux/turns.h"

#include "base/error.h"

namespace shoal::yamux {

Task<void> Turns::take() {
  if (taken_ && !closed_) {
    Waiter me(waits_);
    waiting_.push_back(&me);
    try {
      while (!me.granted && !closed_) co_await me.changed.wait();
    } catch (...) {
      std::erase(waiting_, &me);
      if (me.granted) pass();
      throw;
    }
    std::erase(waiting_, &me);
  }
  if (closed_) throw Error(ErrorCode::closed, "the connection has ended");
  taken_ = true;
}

void Turns::pass() noexcept {
  if (waiting_.empty() || closed_) {
    taken_ = false;
    return;
  }
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->granted = true;
  next->changed.notify_all();
}

void Turns::close() noexcept {
  closed_ = true;
  for (Waiter* waiter : waiting_) waiter->changed.notify_all();
}

}  // namespace shoal::yamux
