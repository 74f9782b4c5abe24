#pragma once

#include <functional>

#include "base/ip_address.h"

namespace shoal {

/// What sockets of some worlds can do beside: say where datagrams went that could not be delivered,
/// because nobody listens there or no way leads there (ICMP destination unreachable). A datagram
/// says so that anybody may have sent: it is a hint, not a proof.
class UndeliveredReports {
 public:
  virtual ~UndeliveredReports() = default;
  /// From now on. `callback` is called from within DatagramSocket::receive(), and must not end the
  /// socket.
  virtual void report_undelivered(std::function<void(const Endpoint& to)> callback) = 0;
};

}  // namespace shoal
