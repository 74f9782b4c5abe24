#include "system/os/one_signal.h"

#include <array>
#include <atomic>
#include <csignal>

namespace shoal::os {

namespace {

using Handler = void (*)(int);

constexpr std::array kSignals = {SIGINT, SIGTERM};

// A handler belongs to the process and can be told nothing.
std::atomic<Handler> first_handler = nullptr;

/// Calls nothing that a handler may not call.
void take_first(int number) {
  for (const int each : kSignals) std::signal(each, SIG_DFL);
  if (const Handler handler = first_handler) handler(number);
}

}  // namespace

void take_one_signal() {
  for (const int number : kSignals) {
    struct sigaction action{};
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler != take_first && action.sa_handler != SIG_DFL) {
      first_handler = action.sa_handler;
    }
    action.sa_handler = take_first;
    ::sigaction(number, &action, nullptr);
  }
}

}  // namespace shoal::os
