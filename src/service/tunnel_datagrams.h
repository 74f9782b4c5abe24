#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>

#include "protocol/tunnel/datagram_pipe.h"
#include "service/tunnel_target.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::service {

/// The exposer's end of one sender: a socket that talks with a UDP service, and nobody else.
class DatagramClient {
 public:
  explicit DatagramClient(System& system);

  /// Throws Error{unreachable}, {failed}.
  Task<void> open(TunnelTarget target);
  /// Carries datagrams between the service and `remote`; see DatagramPipe::run().
  Task<void> carry(std::unique_ptr<Stream> remote, std::function<void()> heard);
  void end();
  tunnel::Traffic traffic() const { return pipe_ ? pipe_->traffic() : tunnel::Traffic{}; }

 private:
  Task<void> receive();

  System& system_;
  Endpoint service_{};
  bool ended_ = false;
  std::unique_ptr<DatagramSocket> socket_;
  std::unique_ptr<tunnel::DatagramPipe> pipe_;
  TaskGroup tasks_;
};

/// The connector's end: a UDP port of this machine. Each sender there gets a stream of its own to
/// the service, until it has been idle for long.
class DatagramServer {
 public:
  /// Senders at once. One more takes the place of the one that has been idle for longest.
  static constexpr std::size_t kMaxSenders = 256;
  /// A sender whose stream failed is not heard for so long, so that it does not open one for each
  /// datagram.
  static constexpr Duration kRetryPause = 1s;

  using OpenStream = std::function<Task<std::unique_ptr<Stream>>()>;

  /// Throws Error{failed} when the port is taken. `open` makes a stream to the service, whose
  /// Open was written and not answered. stop() must have returned before it is destroyed.
  DatagramServer(System& system, Endpoint local, OpenStream open, std::function<void()> heard,
                 std::function<void(const Error&)> failed);

  Endpoint local() const { return socket_->local(); }
  std::size_t senders() const { return senders_.size(); }
  Task<void> stop();

 private:
  using Pipes = std::map<Endpoint, std::unique_ptr<tunnel::DatagramPipe>>;
  Task<void> receive();
  tunnel::DatagramPipe* pipe_of(const Endpoint& sender);
  Task<void> carry(Endpoint sender);
  Task<void> carry_stream(tunnel::DatagramPipe& pipe);

  System& system_;
  const std::unique_ptr<DatagramSocket> socket_;
  const OpenStream open_;
  const std::function<void()> heard_;
  const std::function<void(const Error&)> failed_;
  Pipes senders_;
  TaskGroup tasks_;
};

}  // namespace shoal::service
