#pragma once

#include <shoal/job.h>

#include <atomic>
#include <exception>
#include <memory>

#include "library/bridge.h"
#include "system/event.h"

namespace shoal::library {

/// A coroutine that was started, and how it ended.
struct JobCore {
  explicit JobCore(std::shared_ptr<Loop> its_loop)
      : loop(std::move(its_loop)), scope(*loop), gone(loop->system().waits) {}

  void end(std::exception_ptr with);

  const std::shared_ptr<Loop> loop;
  detail::Scope scope;
  Event gone;
  std::exception_ptr failure;  // before `ended`
  std::atomic<bool> ended = false;
};

}  // namespace shoal::library
