#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>

#include "system/network.h"

namespace shoal::os {

using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

using UnixSocket = boost::asio::basic_stream_socket<boost::asio::local::stream_protocol,
                                                    boost::asio::io_context::executor_type>;

/// A connected socket, of TCP or of a Unix domain; the latter has no endpoints. By TCP small
/// messages leave at once (TCP_NODELAY); the kernel sizes its buffers.
class SocketStream final : public HostStream {
 public:
  /// The connection breaks when its other side takes nothing for so long, alive or not.
  static constexpr int kUntakenMilliseconds = 30'000;

  /// `socket` is connected.
  explicit SocketStream(TcpSocket open);
  explicit SocketStream(UnixSocket socket);
  ~SocketStream() override { abort(); }

  Task<std::size_t> read_some(MutableBytes into) override;
  Task<void> wait_readable() override;
  Task<void> write(std::span<const ByteView> pieces) override;
  Task<void> close_write() override;
  void abort() noexcept override;
  Endpoint local() const override;
  Endpoint remote() const override;

 private:
  struct Connection;
  static Task<std::size_t> read(std::shared_ptr<Connection> self, MutableBytes into);
  static Task<void> wait_readable(std::shared_ptr<Connection> self);
  static Task<void> write(std::shared_ptr<Connection> self, std::span<const ByteView> pieces);

  std::shared_ptr<Connection> connection_;
};

}  // namespace shoal::os
