#pragma once

#include <algorithm>
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

/// Memory of blocks that were fetched before it was their turn, of all queues that share it.
struct ReadAhead {
  std::size_t max_bytes = std::size_t{16} << 20;
  std::size_t bytes = 0;
};

/// Fetches blocks some at a time and hands them over in their order, each with what the asker wants
/// to know of it then. stop() must have returned before it is destroyed.
template <class What>
class BlockQueue {
 public:
  using Fetch = std::function<Task<SharedBytes>(Cid)>;

  /// Blocks that may wait in it: some 250 bytes each.
  static constexpr std::size_t kMaxWaiting = std::size_t{1} << 17;

  struct Ask {
    Cid cid;
    What what;
  };
  struct Got {
    Cid cid;
    What what;
    SharedBytes block;
    bool skipped = false;  // not fetched: nobody needs it any more
  };
  using Needed = std::function<bool(const Ask&)>;

  /// Fetches the first `ahead` (at least 1) at once, as far as there is room for what comes early.
  /// What is not `needed` when its turn comes is skipped. Borrows `read_ahead`.
  BlockQueue(
      Waits& waits, Fetch fetch, std::size_t ahead, ReadAhead& read_ahead,
      Needed needed = [](const Ask&) { return true; })
      : fetch_(std::move(fetch)),
        needed_(std::move(needed)),
        ahead_(ahead),
        read_ahead_(read_ahead),
        changed_(waits),
        tasks_(waits, "blocks") {}

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }

  /// Before all that is asked for already, in this order. Throws Error{limit} beyond kMaxWaiting.
  void put_front(std::vector<Ask> asks) {
    check_room(asks.size());
    std::list<Item> more;
    for (Ask& ask : asks) more.emplace_back(std::move(ask));
    items_.splice(items_.begin(), more);
  }

  /// Behind all that is asked for already.
  void put_back(Ask ask) {
    check_room(1);
    items_.emplace_back(std::move(ask));
  }

  /// The first, which must be there. Throws what fetching it threw.
  Task<Got> take() {
    start();
    Item& first = items_.front();
    while (first.started && !first.block && !first.failure) {
      co_await changed_.wait();
      start();
    }
    if (first.failure) std::rethrow_exception(first.failure);
    Got out{std::move(first.ask.cid), std::move(first.ask.what), {}, !first.block};
    if (first.block) out.block = std::move(*first.block);
    read_ahead_.bytes -= first.held;
    items_.pop_front();
    co_return out;
  }

  Task<void> stop() {
    co_await tasks_.stop();
    for (const Item& item : items_) read_ahead_.bytes -= item.held;
    items_.clear();
  }

 private:
  struct Item {
    explicit Item(Ask asked) : ask(std::move(asked)) {}
    Ask ask;
    bool started = false;
    bool large = false;  // it came too early, and there was no room
    std::size_t held = 0;
    std::optional<SharedBytes> block;
    std::exception_ptr failure;
  };

  void check_room(std::size_t more) const {
    if (more > kMaxWaiting - items_.size()) {
      throw Error(ErrorCode::limit, "more blocks are named than can be kept in mind");
    }
  }

  void start() {
    std::size_t count = 0;
    for (auto item = items_.begin(); item != items_.end() && count < ahead_; ++item, ++count) {
      const bool early = item != items_.begin();
      if (item->started || !needed_(item->ask)) continue;
      if (early && (item->large || read_ahead_.bytes >= read_ahead_.max_bytes)) continue;
      item->started = true;
      tasks_.spawn(run(*item));
    }
  }

  Task<void> run(Item& item) {
    try {
      SharedBytes block = co_await fetch_(item.ask.cid);
      const bool early = &item != &items_.front();
      if (early && block.size() >
                       read_ahead_.max_bytes - std::min(read_ahead_.bytes, read_ahead_.max_bytes)) {
        item.large = true;
        item.started = false;
      } else {
        item.held = block.size();
        read_ahead_.bytes += item.held;
        item.block = std::move(block);
      }
    } catch (...) {
      item.failure = std::current_exception();
    }
    changed_.notify_all();
  }

  const Fetch fetch_;
  const Needed needed_;
  const std::size_t ahead_;
  ReadAhead& read_ahead_;
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
