#include "system/os/socket_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "system/os/socket_error.h"

namespace shoal::os {

namespace asio = boost::asio;

namespace {

/// Calls that the kernel may answer at once, in a row, before others get their turn.
constexpr unsigned kStreamTurns = 8;
/// Bytes that lie in the kernel and have not been sent yet: what is written next waits behind them,
/// an answer to a ping as well as a block.
constexpr int kUnsentBytes = 512 * 1024;
/// Pieces for one system call; more are sent by the next.
constexpr std::size_t kGather = 64;

/// What is left of the pieces of a write.
class Rest {
 public:
  explicit Rest(std::span<const ByteView> pieces) : pieces_(pieces) { skip_empty(); }

  bool empty() const { return pieces_.empty(); }

  std::size_t fill(std::span<iovec> out) const {
    const std::size_t count = std::min(out.size(), pieces_.size());
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView piece = i == 0 ? pieces_[0].subspan(offset_) : pieces_[i];
      out[i] = {.iov_base = const_cast<std::uint8_t*>(piece.data()), .iov_len = piece.size()};
    }
    return count;
  }

  void consume(std::size_t bytes) {
    while (!pieces_.empty() && bytes >= pieces_[0].size() - offset_) {
      bytes -= pieces_[0].size() - offset_;
      offset_ = 0;
      pieces_ = pieces_.subspan(1);
    }
    offset_ += bytes;
    skip_empty();
  }

 private:
  void skip_empty() {
    while (!pieces_.empty() && pieces_[0].size() == offset_) {
      offset_ = 0;
      pieces_ = pieces_.subspan(1);
    }
  }

  std::span<const ByteView> pieces_;
  std::size_t offset_ = 0;
};

}  // namespace

/// Outlives the SocketStream while a call is pending, so that this call can still end in an error.
struct SocketStream::Connection {
  using Socket =
      asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

  explicit Connection(Socket connected) : socket(std::move(connected)) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
  }

  Socket socket;
  Endpoint local;
  Endpoint remote;
  bool aborted = false;
  bool read_ended = false;
  bool write_ended = false;
  bool drained = false;  // the last read took all there was, so the next one will have to wait
  unsigned turns = 0;

  /// Whether the next call may try its luck with the kernel before it waits.
  bool has_turn() { return !aborted && turns < kStreamTurns && ++turns < kStreamTurns; }

  [[noreturn]] void fail(boost::system::error_code error) const {
    if (aborted) throw Error(ErrorCode::closed, "the stream was aborted", remote.to_string());
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    throw stream_error(error, remote);
  }

  std::size_t read_result(boost::system::error_code error, std::size_t got, std::size_t asked) {
    if (aborted) fail(error);
    if (error == asio::error::eof) {
      read_ended = true;
      return 0;
    }
    if (error) fail(error);
    drained = got < asked;
    return got;
  }

  /// Sends as much as the kernel takes without waiting.
  boost::system::error_code send_some(Rest& rest) {
    std::array<iovec, kGather> vectors;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = rest.fill(vectors);
    const auto sent = ::sendmsg(socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return {errno, boost::system::system_category()};
    rest.consume(static_cast<std::size_t>(sent));
    return {};
  }
};

SocketStream::SocketStream(UnixSocket socket)
    : connection_(std::make_shared<Connection>(std::move(socket))) {}

SocketStream::SocketStream(TcpSocket open) {
  boost::system::error_code ignored;
  const Endpoint local = from_asio(open.local_endpoint(ignored));
  const Endpoint remote = from_asio(open.remote_endpoint(ignored));
  open.set_option(asio::ip::tcp::no_delay(true), ignored);
  using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
  open.set_option(UserTimeout(kUntakenMilliseconds), ignored);
  using Unsent = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
  open.set_option(Unsent(kUnsentBytes), ignored);
  connection_ = std::make_shared<Connection>(std::move(open));
  connection_->local = local;
  connection_->remote = remote;
}

Endpoint SocketStream::local() const {
  return connection_->local;
}

Endpoint SocketStream::remote() const {
  return connection_->remote;
}

Task<std::size_t> SocketStream::read_some(MutableBytes into) {
  return read(connection_, into);
}

Task<void> SocketStream::wait_readable() {
  return wait_readable(connection_);
}

Task<void> SocketStream::write(std::span<const ByteView> pieces) {
  return write(connection_, pieces);
}

Task<std::size_t> SocketStream::read(std::shared_ptr<Connection> self, MutableBytes into) {
  const auto buffer = asio::buffer(into.data(), into.size());
  boost::system::error_code error;
  if (!self->drained && self->has_turn()) {
    const std::size_t got = self->socket.read_some(buffer, error);
    if (error != asio::error::would_block) co_return self->read_result(error, got, into.size());
  }
  co_await cancellation_point();
  self->turns = 0;
  if (self->aborted) self->fail({});
  const std::size_t got = co_await self->socket.async_read_some(
      buffer, asio::redirect_error(asio::use_awaitable, error));
  co_return self->read_result(error, got, into.size());
}

Task<void> SocketStream::wait_readable(std::shared_ptr<Connection> self) {
  if (!self->drained || self->aborted) co_return;
  co_await cancellation_point();
  self->turns = 0;
  boost::system::error_code error;
  co_await self->socket.async_wait(Connection::Socket::wait_read,
                                   asio::redirect_error(asio::use_awaitable, error));
  if (error) self->fail(error);
  self->drained = false;
}

Task<void> SocketStream::write(std::shared_ptr<Connection> self, std::span<const ByteView> pieces) {
  Rest rest(pieces);
  while (!rest.empty()) {
    if (self->aborted) self->fail({});
    const boost::system::error_code sent = self->send_some(rest);
    if (!sent && self->has_turn()) continue;
    if (sent && sent != asio::error::would_block && sent != asio::error::interrupted) {
      self->fail(sent);
    }
    co_await cancellation_point();
    self->turns = 0;
    boost::system::error_code waited;
    if (sent == asio::error::would_block) {
      co_await self->socket.async_wait(Connection::Socket::wait_write,
                                       asio::redirect_error(asio::use_awaitable, waited));
    } else {
      co_await asio::post(self->socket.get_executor(), asio::use_awaitable);
    }
    if (waited) self->fail(waited);
  }
}

Task<void> SocketStream::close_write() {
  boost::system::error_code error;
  if (connection_->aborted) connection_->fail({});
  connection_->socket.shutdown(Connection::Socket::shutdown_send, error);
  if (error) connection_->fail(error);
  connection_->write_ended = true;
  co_return;
}

void SocketStream::abort() noexcept {
  Connection& connection = *connection_;
  if (connection.aborted) return;
  connection.aborted = true;
  boost::system::error_code ignored;
  // With both halves ended there is nothing to break, and a reset could overtake our last bytes.
  const bool ended = connection.read_ended && connection.write_ended;
  if (!ended) connection.socket.set_option(asio::socket_base::linger(true, 0), ignored);
  connection.socket.close(ignored);
}

}  // namespace shoal::os
