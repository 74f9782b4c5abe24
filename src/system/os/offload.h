#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "system/offload.h"
#include "system/waits.h"

namespace shoal::os {

/// A pool of threads. Who awaits run() goes on in the event loop.
class ThreadPool final : public Offload {
 public:
  /// `threads` > 0. run() is for the event loop's thread.
  ThreadPool(Waits& waits, boost::asio::io_context& context, unsigned threads);
  ~ThreadPool() override;

  Task<void> run(Job job) override;
  unsigned parallelism() const override { return static_cast<unsigned>(threads_.size()); }

  /// Drops the jobs that nobody has begun and waits for the others. Frames that wait for a job must
  /// live until then, for the job may use what is in them.
  void finish();

 private:
  struct Work {
    Job job;
    Waits::Id waiter;
  };

  void add(Work work);
  void serve();
  std::optional<Work> next();

  Waits& waits_;
  boost::asio::io_context& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;
  bool finishing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace shoal::os
