#include "net/muxer/yamux/write_queue.h"

#include "base/error.h"

namespace shoal::yamux {

WriteQueue::Waiter::Waiter(WriteQueue& its_queue) : queue(its_queue), changed(its_queue.waits_) {
  queue.waiting_.push_back(this);
}

WriteQueue::Waiter::~Waiter() {
  std::erase(queue.waiting_, this);
  if (granted && !took_it) queue.pass();
}

Task<void> WriteQueue::take() {
  if (taken_ && !closed_) {
    Waiter me(*this);
    while (!me.granted && !closed_) co_await me.changed.wait();
    me.took_it = true;
  }
  if (closed_) throw Error(ErrorCode::closed, "the connection has ended");
  taken_ = true;
}

void WriteQueue::pass() noexcept {
  if (waiting_.empty() || closed_) {
    taken_ = false;
    return;
  }
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->granted = true;
  next->changed.notify_all();
}

void WriteQueue::close() noexcept {
  closed_ = true;
  for (Waiter* waiter : waiting_) waiter->changed.notify_all();
}

}  // namespace shoal::yamux
