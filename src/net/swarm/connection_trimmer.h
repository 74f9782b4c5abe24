#pragma once

#include "net/swarm/connection_manager.h"
#include "net/swarm/connection_table.h"
#include "system/clock.h"
#include "system/task_group.h"

namespace shoal::net {

/// Closes the connections of a table that its manager names, while there are any to look at.
class ConnectionTrimmer {
 public:
  /// Borrows all for its life.
  ConnectionTrimmer(Clock& clock, ConnectionManager& manager, ConnectionTable& connections);

  /// To be called after one was added to the table.
  void connection_added();
  Task<void> stop() { return tasks_.stop(); }

 private:
  Task<void> trim_above_high_mark();
  Task<void> end_idle();
  bool above_high_mark() const;
  void end(const std::vector<ConnectionId>& ids, const char* why);

  Clock& clock_;
  ConnectionManager& manager_;
  ConnectionTable& connections_;
  bool trimming_ = false;
  bool ending_idle_ = false;
  TaskGroup tasks_;
};

}  // namespace shoal::net
