#include "library/loop.h"

#include <exception>
#include <memory>
#include <utility>

#include "base/error.h"

namespace shoal::library {

void call(Loop& loop, Loop::Step step) {
  if (loop.on_thread()) return step();
  struct End {
    std::atomic<bool> reached = false;
    std::exception_ptr failure;
  };
  // Shared: the one that waits may go before the one that notifies has returned.
  const auto end = std::make_shared<End>();
  const bool posted = loop.post([end, step = std::move(step)]() mutable {
    try {
      step();
    } catch (...) {
      end->failure = std::current_exception();
    }
    end->reached = true;
    end->reached.notify_all();
  });
  if (!posted) throw Error(ErrorCode::closed, "this node has stopped");
  loop.block_until(end->reached);
  if (end->failure) std::rethrow_exception(end->failure);
}

}  // namespace shoal::library
