#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <list>
#include <string>

#include "system/event.h"
#include "system/task.h"

namespace shoal {

/// Owns every task that somebody starts. Nothing runs detached: stop() before the group, and what
/// its tasks use, is destroyed; the destructor checks that it is empty.
class TaskGroup {
 public:
  /// `name` appears in the log when a task ends by an exception.
  TaskGroup(Waits& waits, std::string name);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` in a later step. An Error that leaves it ends it alone and is logged at debug
  /// level. After stop() began, the task is dropped unstarted.
  void spawn(Task<void> task);

  /// Cancels every task.
  void cancel();
  /// Returns when no task is left; does not cancel.
  Task<void> join();
  /// The same, to the end even when the caller is cancelled: for tasks that end by themselves.
  Task<void> join_through();
  /// Refuses new tasks, cancels all, waits for their end. Goes on to the end even when the caller
  /// is cancelled. Must not be awaited by one of the tasks.
  Task<void> stop();

  std::size_t size() const { return running_.size(); }
  bool stopping() const { return stopping_; }

 private:
  struct Entry {
    boost::asio::cancellation_signal signal;
    bool begun = false;
    bool cancelled = false;
  };
  using Running = std::list<Entry>;
  static Task<void> begin(Entry& entry, Task<void> task);
  void ended(Running::iterator task, std::exception_ptr error);

  Waits& waits_;
  std::string name_;
  Running running_;
  Event empty_;
  bool stopping_ = false;
};

}  // namespace shoal
