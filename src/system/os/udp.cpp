#include "system/os/udp.h"

#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>

#include "system/os/close_on_exec.h"
#include "system/os/datagram.h"
#include "system/os/multicast.h"
#include "system/os/socket_error.h"
#include "system/undelivered.h"

namespace shoal::os {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

using UdpSocket = asio::basic_datagram_socket<udp, asio::io_context::executor_type>;

/// Asked of the kernel, which may give less: some milliseconds' worth of a fast link.
constexpr int kBufferBytes = 4 * 1024 * 1024;
/// Datagrams that are taken in a row before others get their turn.
constexpr unsigned kDatagramTurns = 32;

/// Outlives its socket object while a receive is pending.
struct Bound {
  explicit Bound(asio::io_context& context) : socket(context) {}
  UdpSocket socket;
  Endpoint local;
  bool gone = false;
  unsigned turns = 0;
  std::function<void(const Endpoint&)> undelivered;  // empty: nobody asked
};

/// What a router said about an earlier datagram is no failure of this receive.
bool is_about_a_sent_one(boost::system::error_code error) {
  return error == asio::error::connection_refused || error == asio::error::host_unreachable ||
         error == asio::error::network_unreachable || error == asio::error::interrupted;
}

class UdpBinding final : public DatagramSocket, public UndeliveredReports {
 public:
  UdpBinding(asio::io_context& context, Endpoint local, const BindOptions& options)
      : bound_(std::make_shared<Bound>(context)) {
    boost::system::error_code error;
    open(local, options, error);
    if (error) throw socket_error(error, local);
  }

  ~UdpBinding() override {
    boost::system::error_code ignored;
    bound_->gone = true;
    bound_->socket.close(ignored);
  }

  Endpoint local() const override { return bound_->local; }

  Task<Received> receive(MutableBytes into) override { return receive(bound_, into); }

  using DatagramSocket::send;
  SendResult send(Endpoint to, ByteView bytes, SendOptions options) override {
    const auto target = to_asio<udp>(to);
    return send_datagram(bound_->socket.native_handle(), target, bytes, options);
  }

  Task<void> wait_writable() override { return wait_writable(bound_); }

  void join_group(IpAddress group, std::uint32_t interface_index) override {
    boost::system::error_code error;
    change_membership(bound_->socket.native_handle(), group, interface_index, true, error);
    if (error) throw Error(ErrorCode::failed, error.message(), group.to_string());
  }

  void leave_group(IpAddress group, std::uint32_t interface_index) noexcept override {
    boost::system::error_code ignored;  // the interface has gone, or was never joined
    change_membership(bound_->socket.native_handle(), group, interface_index, false, ignored);
  }

  void report_undelivered(std::function<void(const Endpoint&)> callback) override {
    keep_errors(bound_->socket.native_handle(), bound_->local.address.is_v6());
    bound_->undelivered = std::move(callback);
  }

 private:
  void open(Endpoint local, const BindOptions& options, boost::system::error_code& error) {
    auto& socket = bound_->socket;
    const auto endpoint = to_asio<udp>(local);
    socket.open(endpoint.protocol(), error);
    close_on_exec(socket, error);
    if (!error && endpoint.address().is_v6()) socket.set_option(asio::ip::v6_only(true), error);
    if (!error) set_udp_options(socket.native_handle(), endpoint.address().is_v6(), options, error);
    if (!error) socket.bind(endpoint, error);
    if (!error) socket.non_blocking(true, error);
    if (!error) bound_->local = from_asio(socket.local_endpoint(error));
    boost::system::error_code smaller;
    socket.set_option(UdpSocket::receive_buffer_size(kBufferBytes), smaller);
    socket.set_option(UdpSocket::send_buffer_size(kBufferBytes), smaller);
  }

  static Task<Received> receive(std::shared_ptr<Bound> self, MutableBytes into) {
    boost::system::error_code error = asio::error::would_block;
    Received got{};
    if (!self->gone && ++self->turns < kDatagramTurns) got = take(*self, into, error);
    while (error == asio::error::would_block || is_about_a_sent_one(error)) {
      if (!self->gone && self->undelivered) report(*self);
      co_await cancellation_point();
      self->turns = 0;
      co_await self->socket.async_wait(UdpSocket::wait_read,
                                       asio::redirect_error(asio::use_awaitable, error));
      if (!error && !self->gone) got = take(*self, into, error);
    }
    if (self->gone) throw Error(ErrorCode::closed, "no longer bound", self->local.to_string());
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) throw socket_error(error, self->local);
    co_return got;
  }

  static Task<void> wait_writable(std::shared_ptr<Bound> self) {
    co_await cancellation_point();
    boost::system::error_code error;
    if (!self->gone) {
      co_await self->socket.async_wait(UdpSocket::wait_write,
                                       asio::redirect_error(asio::use_awaitable, error));
    }
    if (self->gone) throw Error(ErrorCode::closed, "no longer bound", self->local.to_string());
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) throw socket_error(error, self->local);
  }

  static void report(Bound& bound) {
    for (unsigned i = 0; i < kDatagramTurns; ++i) {
      const auto to = next_undelivered(bound.socket.native_handle());
      if (!to) return;
      bound.undelivered(*to);
    }
  }

  static Received take(Bound& bound, MutableBytes into, boost::system::error_code& error) {
    return receive_datagram(bound.socket.native_handle(), into, error);
  }

  std::shared_ptr<Bound> bound_;
};

}  // namespace

std::unique_ptr<DatagramSocket> udp_bind(asio::io_context& context, Endpoint local,
                                         const BindOptions& options) {
  return std::make_unique<UdpBinding>(context, local, options);
}

}  // namespace shoal::os
