#pragma once

#include <shoal/job.h>

#include <atomic>
#include <exception>
#include <memory>

#include "library/bridge.h"
#include "library/uncaught.h"
#include "system/event.h"

namespace shoal::library {

/// A coroutine that was started, and how it ended.
struct JobCore {
  JobCore(std::shared_ptr<Loop> its_loop, UncaughtPtr its_uncaught)
      : loop(std::move(its_loop)),
        uncaught(std::move(its_uncaught)),
        scope(*loop),
        gone(loop->system().waits) {}
  /// Reports a failure that nobody was handed.
  ~JobCore();
  JobCore(const JobCore&) = delete;
  JobCore& operator=(const JobCore&) = delete;

  void end(std::exception_ptr with);
  /// After its end: rethrows what left it.
  void hand_over();

  const std::shared_ptr<Loop> loop;
  const UncaughtPtr uncaught;
  detail::Scope scope;
  Event gone;
  std::exception_ptr failure;  // before `ended`
  std::atomic<bool> ended = false;
  std::atomic<bool> handed_over = false;
};

}  // namespace shoal::library
