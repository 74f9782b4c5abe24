#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/shared_bytes.h"
#include "format/cid.h"
#include "system/event.h"
#include "system/task_group.h"

namespace shoal::service {

/// Fetches blocks some at a time and hands them over in their order, each with what the asker wants
/// to know of it then. stop() must have returned before it is destroyed.
template <class What>
class BlockQueue {
 public:
  using Fetch = std::function<Task<SharedBytes>(Cid)>;

  /// Blocks that may wait in it: some 250 bytes each.
  static constexpr std::size_t kMaxWaiting = std::size_t{1} << 20;

  struct Ask {
    Cid cid;
    What what;
  };
  struct Got {
    Cid cid;
    What what;
    SharedBytes block;
  };

  /// Fetches the first `ahead` (at least 1) at once.
  BlockQueue(Waits& waits, Fetch fetch, std::size_t ahead)
      : fetch_(std::move(fetch)), ahead_(ahead), changed_(waits), tasks_(waits, "blocks") {}

  bool empty() const { return items_.empty(); }

  /// Before all that is asked for already, in this order. Throws Error{limit} beyond kMaxWaiting.
  void put_front(std::vector<Ask> asks) {
    if (asks.size() > kMaxWaiting - items_.size()) {
      throw Error(ErrorCode::limit, "more blocks are named than can be kept in mind");
    }
    std::list<Item> more;
    for (Ask& ask : asks) more.emplace_back(std::move(ask));
    items_.splice(items_.begin(), more);
  }

  /// The first, which must be there. Throws what fetching it threw.
  Task<Got> take() {
    start();
    Item& first = items_.front();
    while (!first.block && !first.failure) co_await changed_.wait();
    if (first.failure) std::rethrow_exception(first.failure);
    Got out{std::move(first.ask.cid), std::move(first.ask.what), std::move(*first.block)};
    items_.pop_front();
    co_return out;
  }

  Task<void> stop() { return tasks_.stop(); }

 private:
  struct Item {
    explicit Item(Ask asked) : ask(std::move(asked)) {}
    Ask ask;
    bool started = false;
    std::optional<SharedBytes> block;
    std::exception_ptr failure;
  };

  void start() {
    std::size_t count = 0;
    for (auto item = items_.begin(); item != items_.end() && count < ahead_; ++item, ++count) {
      if (std::exchange(item->started, true)) continue;
      tasks_.spawn(run(*item));
    }
  }

  Task<void> run(Item& item) {
    try {
      item.block = co_await fetch_(item.ask.cid);
    } catch (...) {
      item.failure = std::current_exception();
    }
    changed_.notify_all();
  }

  const Fetch fetch_;
  const std::size_t ahead_;
  std::list<Item> items_;  // those started stay where they are until taken
  Event changed_;
  TaskGroup tasks_;
};

/// Runs `work` on a queue and stops the queue whatever comes of it.
template <class What>
Task<void> run_and_stop(BlockQueue<What>& queue, Task<void> work) {
  std::exception_ptr failure;
  try {
    co_await std::move(work);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await queue.stop();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace shoal::service
