#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "net/resources/ingress_limiter.h"
#include "net/swarm/connection_table.h"
#include "system/task_group.h"

namespace shoal::net {

/// Bounds the unread bytes of all connections together: windows grow by no more than what is left,
/// and beyond the bound the connections that buffer most are ended.
class BufferWatch {
 public:
  /// Ends a connection that does harm.
  using End = std::function<void(Connection& connection, const std::string& reason)>;

  /// Borrows the first three for its life.
  BufferWatch(Waits& waits, const ConnectionTable& connections, const IngressLimiter& ingress,
              std::size_t max_bytes, End end);

  void add(Connection& connection);
  void remove(Connection& connection);
  /// To within Muxer::kReportBytes for each connection.
  std::size_t unread_bytes() const { return unread_; }
  Task<void> stop() { return tasks_.stop(); }

 private:
  struct Held {
    std::size_t unread = 0;
    std::size_t promised = 0;
  };

  void count(Connection& connection);
  std::size_t allowance(ConnectionId id) const;
  Task<void> end_the_greediest();

  const ConnectionTable& connections_;
  const IngressLimiter& ingress_;
  const std::size_t max_bytes_;
  const End end_;
  std::map<ConnectionId, Held> held_;
  std::size_t unread_ = 0;
  std::size_t promised_ = 0;
  bool ending_ = false;
  TaskGroup tasks_;
};

}  // namespace shoal::net
