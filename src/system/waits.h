#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "system/task.h"

namespace shoal {

/// The world's table of suspended coroutines.
///
/// Whoever waits holds only an id; the continuation, which owns the coroutine's frame, stays here.
/// So no object owns the frame that owns the object, and a world that ends frees every frame left.
class Waits {
 public:
  using Id = std::uint64_t;
  using Resume = std::move_only_function<void(boost::system::error_code)>;

  explicit Waits(Executor executor) : executor_(std::move(executor)) {}
  ~Waits() { clear(); }
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  /// Suspends the caller until wake(id). `begun(id)` is called once, at the suspension; the id
  /// names this wait alone, for ever. Throws operation_aborted when the caller is cancelled.
  Task<void> wait(std::function<void(Id)> begun);

  /// The same, but goes on waiting when the caller is cancelled, even before: the caller's next
  /// cancellable wait throws then.
  Task<void> wait_uncancellable(std::function<void(Id)> begun);

  /// Without a coroutine: calls `resume` once after wake(id), in a later step, unless it was
  /// forgotten before wake(id).
  Id add(Resume resume);
  /// False when the id names no waiter any more.
  bool forget(Id id) { return remove(id) != nullptr; }

  /// Lets the waiter go on, in a later step of the executor. False when the id names no waiter any
  /// more.
  bool wake(Id id);

  /// Frees every continuation without running it: for the end of a world.
  void clear();

  /// Whether clear() has begun: tasks go without having come to their end.
  bool ending() const { return ending_; }

  /// Whether somebody still waits under this id.
  bool has(Id id) const;

  std::size_t size() const { return size_; }
  const Executor& executor() const { return executor_; }

 private:
  struct Slot {
    std::uint32_t generation = 1;
    Resume resume;
  };

  Resume remove(Id id);
  bool finish(Id id, boost::system::error_code result);

  Executor executor_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
  bool ending_ = false;
};

}  // namespace shoal
