#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

namespace shoal::os {

/// Runs an event loop and notes each turn that holds it up for longer than kNoted: one line of
/// milliseconds each, appended to a file. For tests and measurements; reading the clocks for every
/// turn costs a microsecond.
///
/// The time for which the kernel gave the processor to others does not count, so that a busy
/// machine does not look like a slow turn. Waiting for a disk or a lock does.
class LoopWatch {
 public:
  using Time = std::chrono::nanoseconds;
  static constexpr Time kNoted = std::chrono::milliseconds(2);

  /// Throws Error{failed} when the file cannot be opened.
  explicit LoopWatch(const std::string& path);
  ~LoopWatch();
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;

  /// As context.run().
  void run(boost::asio::io_context& context);

 private:
  /// Of this thread: how long it could have run and was not let (/proc/thread-self/schedstat).
  Time waited_for_processor();
  void note(Time took);

  std::ofstream out_;
  int schedule_ = -1;
};

}  // namespace shoal::os
