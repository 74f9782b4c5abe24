#include "system/os/tcp.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "system/os/close_on_exec.h"
#include "system/os/socket_error.h"
#include "system/os/socket_stream.h"

namespace shoal::os {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

/// How long a listener that has no descriptor left leaves those who connect waiting.
constexpr Duration kExhaustedPause = 100ms;

bool is_exhausted(boost::system::error_code error) {
  return error == asio::error::no_descriptors || error.value() == ENFILE ||
         error == asio::error::no_buffer_space || error == asio::error::no_memory;
}

/// Lets sockets that connect have this port, too.
template <class Socket>
void share_port(Socket& socket, boost::system::error_code& error) {
  const int on = 1;
  if (::setsockopt(socket.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    error.assign(errno, boost::system::system_category());
  }
}

void bind_port(TcpSocket& socket, const tcp::endpoint& remote, std::uint16_t port,
               boost::system::error_code& error) {
  socket.set_option(tcp::socket::reuse_address(true), error);
  if (!error) share_port(socket, error);
  if (!error) socket.bind(tcp::endpoint(remote.protocol(), port), error);
}

/// Outlives its listener while an accept is pending.
struct Listening {
  explicit Listening(asio::io_context& context) : acceptor(context) {}
  Acceptor acceptor;
  Endpoint local;
  bool gone = false;
};

class TcpListener final : public Listener {
 public:
  TcpListener(asio::io_context& context, Clock& clock, Endpoint local, ListenOptions options)
      : clock_(clock), listening_(std::make_shared<Listening>(context)) {
    boost::system::error_code error;
    open(local, options, error);
    if (error) throw socket_error(error, local);
  }

  ~TcpListener() override {
    boost::system::error_code ignored;
    listening_->gone = true;
    listening_->acceptor.close(ignored);
  }

  Endpoint local() const override { return listening_->local; }

  Task<std::unique_ptr<HostStream>> accept() override { return accept(listening_, clock_); }

 private:
  void open(Endpoint local, ListenOptions options, boost::system::error_code& error) {
    auto& acceptor = listening_->acceptor;
    const auto endpoint = to_asio<tcp>(local);
    acceptor.open(endpoint.protocol(), error);
    close_on_exec(acceptor, error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.address().is_v6()) {
      acceptor.set_option(asio::ip::v6_only(!options.dual_stack), error);
    }
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(options.backlog, error);
    // Only now: no other listener, of whatever process, gets this port.
    if (!error) share_port(acceptor, error);
    if (!error) listening_->local = from_asio(acceptor.local_endpoint(error));
  }

  static Task<std::unique_ptr<HostStream>> accept(std::shared_ptr<Listening> self, Clock& clock) {
    co_await cancellation_point();
    boost::system::error_code error;
    TcpSocket socket =
        co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (self->gone) {
      throw Error(ErrorCode::closed, "no longer listening", self->local.to_string());
    }
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (is_exhausted(error)) co_await clock.sleep_for(kExhaustedPause);
    close_on_exec(socket, error);
    if (error) throw socket_error(error, self->local);
    co_return std::make_unique<SocketStream>(std::move(socket));
  }

  Clock& clock_;
  std::shared_ptr<Listening> listening_;
};

}  // namespace

Task<std::unique_ptr<HostStream>> tcp_connect(asio::io_context& context, Endpoint remote,
                                              ConnectOptions options) {
  co_await cancellation_point();
  TcpSocket socket(context);
  const auto endpoint = to_asio<tcp>(remote);
  boost::system::error_code error;
  socket.open(endpoint.protocol(), error);
  close_on_exec(socket, error);
  if (!error && options.local_port != 0) bind_port(socket, endpoint, options.local_port, error);
  if (error) throw socket_error(error, remote);
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) throw socket_error(error, remote);
  auto stream = std::make_unique<SocketStream>(std::move(socket));
  // A port of our own host that nobody listens on can be met by the very socket that calls it.
  if (stream->local() == stream->remote()) {
    throw socket_error(asio::error::connection_refused, remote);
  }
  co_return stream;
}

std::unique_ptr<Listener> tcp_listen(asio::io_context& context, Clock& clock, Endpoint local,
                                     ListenOptions options) {
  return std::make_unique<TcpListener>(context, clock, local, options);
}

}  // namespace shoal::os
