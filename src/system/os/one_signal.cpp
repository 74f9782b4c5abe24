#include "system/os/one_signal.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "base/error.h"

namespace shoal::os {

namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM};

// A handler belongs to the process and can be told nothing. It may run in any thread at any moment,
// so what it writes to is never closed.
std::atomic<int> woken = -1;
std::atomic<std::int64_t> first_at = 0;  // nanoseconds; 0: none has come
std::atomic<int> first = 0;

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Calls nothing that a handler may not call.
void take(int number) {
  const int kept = errno;
  const std::int64_t at = now();
  std::int64_t before = 0;
  if (first_at.compare_exchange_strong(before, at)) {
    first = number;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(woken, &one, sizeof(one));
  } else if (at - before >= std::chrono::nanoseconds(kSameSignal).count()) {
    // Held back until this handler returns.
    std::signal(number, SIG_DFL);
    ::raise(number);
  }
  errno = kept;
}

void handle_by(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigfillset(&action.sa_mask);
  for (const int number : kSignals) ::sigaction(number, &action, nullptr);
}

}  // namespace

OneSignal::OneSignal() {
  if (woken < 0) woken = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (woken < 0) throw Error(ErrorCode::failed, "too many open files", {}, "raise the limit");
  std::uint64_t old = 0;
  [[maybe_unused]] const ssize_t drained = ::read(woken, &old, sizeof(old));
  first = 0;
  first_at = 0;
  handle_by(take);
}

OneSignal::~OneSignal() {
  if (first_at == 0) handle_by(SIG_DFL);
}

int OneSignal::descriptor() const {
  const int copy = ::fcntl(woken, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw Error(ErrorCode::failed, "too many open files", {}, "raise the limit");
  return copy;
}

int OneSignal::number() const {
  return first;
}

}  // namespace shoal::os
