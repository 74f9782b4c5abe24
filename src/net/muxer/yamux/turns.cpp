#include "net/muxer/yamux/turns.h"

#include "base/error.h"

namespace shoal::yamux {

Turns::Waiter::Waiter(Turns& its_turns) : turns(its_turns), changed(its_turns.waits_) {
  turns.waiting_.push_back(this);
}

Turns::Waiter::~Waiter() {
  std::erase(turns.waiting_, this);
  if (granted && !took_it) turns.pass();
}

Task<void> Turns::take() {
  if (taken_ && !closed_) {
    Waiter me(*this);
    while (!me.granted && !closed_) co_await me.changed.wait();
    me.took_it = true;
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
