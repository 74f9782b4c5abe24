#include "system/join.h"

#include <exception>

namespace shoal {

Task<void> join_or_stop(TaskGroup& group) {
  std::exception_ptr cancelled;
  try {
    co_await group.join();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await group.stop();
  if (cancelled) std::rethrow_exception(cancelled);
}

}  // namespace shoal
