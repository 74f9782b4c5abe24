#include "system/os/socket_error.h"

#include <algorithm>
#include <cerrno>

namespace shoal::os {

namespace asio = boost::asio;

Error socket_error(boost::system::error_code cause, const Endpoint& subject) {
  const auto error = [&](ErrorCode code, const char* message, const char* hint = "") {
    return Error(code, message, subject.to_string(), hint);
  };
  switch (cause.value()) {
    case ECONNREFUSED:
      return error(ErrorCode::unreachable, "connection refused");
    case ECONNRESET:
      return error(ErrorCode::unreachable, "connection reset");
    case EHOSTUNREACH:
    case EHOSTDOWN:
      return error(ErrorCode::unreachable, "no route to the host");
    case ENETUNREACH:
    case ENETDOWN:
      return error(ErrorCode::unreachable, "no route to its network");
    case EAFNOSUPPORT:
      return error(ErrorCode::unreachable, "this host does not speak that address family");
    case EACCES:
    case EPERM:
      return error(ErrorCode::unreachable, "not permitted on this host",
                   "ports below 1024 need rights, and a firewall may be in the way");
    case ETIMEDOUT:
      return error(ErrorCode::timeout, "the host does not answer");
    case EADDRINUSE:
      return error(ErrorCode::failed, "the address is already in use",
                   "another process has it: choose another port, or 0 for any free one");
    case EADDRNOTAVAIL:
      return error(ErrorCode::failed, "not an address of this host, or no port is left",
                   "choose an address of this host, or 0.0.0.0 or :: for all it has");
    case EMFILE:
    case ENFILE:
      return error(ErrorCode::limit, "too many open files", "raise the limit: ulimit -n");
    case ENOBUFS:
    case ENOMEM:
      return error(ErrorCode::failed, "the kernel has no memory left for it");
    default:
      return Error(ErrorCode::unreachable, cause.message(), subject.to_string());
  }
}

Error stream_error(boost::system::error_code cause, const Endpoint& subject) {
  const auto error = [&](const char* message) {
    return Error(ErrorCode::closed, message, subject.to_string());
  };
  switch (cause.value()) {
    case ECONNRESET:
      return error("connection reset by the other side");
    case EPIPE:
    case ENOTCONN:
      return error("the connection is closed");
    case ETIMEDOUT:
      return error("the other side has vanished");
    case EBADF:
      return error("the stream was aborted");
    default:
      return Error(ErrorCode::closed, cause.message(), subject.to_string());
  }
}

asio::ip::address to_asio(const IpAddress& address) {
  const IpAddress plain = address.normalised();
  if (!plain.is_v6()) {
    asio::ip::address_v4::bytes_type four;
    std::ranges::copy(plain.bytes(), four.begin());
    return asio::ip::address_v4(four);
  }
  asio::ip::address_v6::bytes_type sixteen;
  std::ranges::copy(plain.bytes(), sixteen.begin());
  return asio::ip::address_v6(sixteen, plain.scope_id());
}

IpAddress from_asio(const asio::ip::address& address) {
  if (address.is_v4()) return IpAddress::v4(address.to_v4().to_bytes());
  const auto six = address.to_v6();
  const auto scope = static_cast<std::uint32_t>(six.scope_id());
  return IpAddress::v6(six.to_bytes(), six.is_link_local() ? scope : 0).normalised();
}

}  // namespace shoal::os
