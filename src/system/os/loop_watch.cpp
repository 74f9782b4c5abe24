#include "system/os/loop_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "base/error.h"

namespace shoal::os {

namespace {

LoopWatch::Time clock_now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

LoopWatch::Time processor_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

LoopWatch::LoopWatch(const std::string& path) : out_(path, std::ios::app) {
  if (!out_) throw Error(ErrorCode::failed, path + ": cannot be written");
}

LoopWatch::~LoopWatch() {
  if (schedule_ >= 0) ::close(schedule_);
}

void LoopWatch::run(boost::asio::io_context& context) {
  if (schedule_ < 0) schedule_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  while (!context.stopped()) {
    const Time waited = waited_for_processor();
    const Time began = clock_now();
    if (context.poll_one() > 0) {
      const Time took = clock_now() - began;
      if (took >= kNoted) note(took - (waited_for_processor() - waited));
      continue;
    }
    // Nothing is ready: a wait of unknown length comes before what runs next, but it uses no
    // processor.
    const Time used = processor_time();
    if (context.run_one() == 0) return;
    note(processor_time() - used);
  }
}

LoopWatch::Time LoopWatch::waited_for_processor() {
  std::array<char, 96> text{};
  const ssize_t size = ::pread(schedule_, text.data(), text.size(), 0);
  const std::string_view line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t second = line.find(' ');
  std::int64_t waited = 0;
  if (second != std::string_view::npos)
    std::from_chars(line.data() + second + 1, line.data() + line.size(), waited);
  return Time(waited);
}

void LoopWatch::note(Time took) {
  if (took < kNoted) return;
  out_ << fmt::format("{:.1f}\n", std::chrono::duration<double, std::milli>(took).count());
  out_.flush();
}

}  // namespace shoal::os
