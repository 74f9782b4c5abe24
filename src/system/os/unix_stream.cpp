#include "system/os/unix_stream.h"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/error.h"
#include "system/os/close_on_exec.h"
#include "system/os/socket_stream.h"

namespace shoal::os {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

/// The kernel's bound on the path of a socket (sockaddr_un), without the terminating zero.
constexpr std::size_t kMaxPath = 107;

}  // namespace

Task<std::unique_ptr<Stream>> unix_connect(asio::io_context& context, std::string path) {
  co_await cancellation_point();
  if (path.empty() || path.size() > kMaxPath) {
    throw Error(ErrorCode::unreachable, "the path of a socket has 1 to 107 bytes", path);
  }
  UnixSocket socket(context);
  boost::system::error_code error;
  socket.open(stream_protocol(), error);
  close_on_exec(socket, error);
  if (!error) {
    const stream_protocol::endpoint target(path);
    co_await socket.async_connect(target, asio::redirect_error(asio::use_awaitable, error));
  }
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) throw Error(ErrorCode::unreachable, error.message(), std::move(path));
  co_return std::make_unique<SocketStream>(std::move(socket));
}

}  // namespace shoal::os
