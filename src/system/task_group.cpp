#include "system/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal {

namespace asio = boost::asio;

TaskGroup::TaskGroup(Waits& waits, std::string name)
    : waits_(waits), name_(std::move(name)), empty_(waits) {}

TaskGroup::~TaskGroup() {
  SHOAL_CHECK(running_.empty() || waits_.ending());
}

void TaskGroup::spawn(Task<void> task) {
  if (stopping_) return;
  const auto entry = running_.emplace(running_.end());
  auto completion = [this, entry](std::exception_ptr error) { ended(entry, std::move(error)); };
  asio::co_spawn(waits_.executor(), begin(*entry, std::move(task)),
                 asio::bind_cancellation_slot(entry->signal.slot(), std::move(completion)));
}

/// Cancelled before it has begun, a task meets that where it waits first, as any other time: also
/// then it can still await the end of its own doings. Asio must not hear of it earlier: it would
/// forget it (Boost 1.81), or end the loop with it (1.83).
Task<void> TaskGroup::begin(Entry& entry, Task<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  entry.begun = true;
  if (entry.cancelled) entry.signal.emit(asio::cancellation_type::terminal);
  co_await std::move(task);
}

void TaskGroup::ended(Running::iterator task, std::exception_ptr error) {
  running_.erase(task);
  if (running_.empty()) empty_.notify_all();
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& cause) {
    if (!is_cancelled(cause)) log_debug("{}: {}", name_, cause.what());
  } catch (const Error& cause) {
    log_debug("{}: {}", name_, cause.what());
  } catch (const std::exception& cause) {
    log(LogLevel::error, "{}: unexpected: {}", name_, cause.what());
  }
}

void TaskGroup::cancel() {
  // A signal only schedules what it wakes, so no entry disappears during the walk.
  for (Entry& entry : running_) {
    entry.cancelled = true;
    if (entry.begun) entry.signal.emit(asio::cancellation_type::terminal);
  }
}

Task<void> TaskGroup::join() {
  while (!running_.empty()) co_await empty_.wait();
}

Task<void> TaskGroup::join_through() {
  while (!running_.empty()) co_await empty_.wait_uncancellable();
}

Task<void> TaskGroup::stop() {
  stopping_ = true;
  cancel();
  co_await join_through();
}

}  // namespace shoal
