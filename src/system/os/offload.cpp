#include "system/os/offload.h"

#include <boost/asio/post.hpp>

#include "base/error.h"

namespace shoal::os {

namespace asio = boost::asio;

ThreadPool::ThreadPool(Waits& waits, asio::io_context& context, unsigned threads)
    : waits_(waits), context_(context) {
  SHOAL_CHECK(threads > 0);
  threads_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

ThreadPool::~ThreadPool() {
  finish();
}

void ThreadPool::finish() {
  std::deque<Work> dropped;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    dropped.swap(queue_);
  }
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Task<void> ThreadPool::run(Job job) {
  // Not started for a caller that was cancelled before; never left alone once begun.
  co_await cancellation_point();
  const auto begun = [this, &job](Waits::Id waiter) {
    add({.job = std::move(job), .waiter = waiter});
  };
  co_await waits_.wait_uncancellable(begun);
}

void ThreadPool::add(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (finishing_) return;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
}

std::optional<ThreadPool::Work> ThreadPool::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return finishing_ || !queue_.empty(); });
  if (finishing_) return std::nullopt;
  Work work = std::move(queue_.front());
  queue_.pop_front();
  return work;
}

void ThreadPool::serve() {
  while (auto work = next()) {
    work->job();
    const Waits::Id waiter = work->waiter;
    work.reset();
    asio::post(context_, [this, waiter] { waits_.wake(waiter); });
  }
}

}  // namespace shoal::os
