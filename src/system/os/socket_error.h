#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/system/error_code.hpp>

#include "base/error.h"
#include "base/ip_address.h"

namespace shoal::os {

/// What went wrong with `subject`, in a sentence. For failures to connect, listen, bind and accept.
Error socket_error(boost::system::error_code cause, const Endpoint& subject);
/// For failures of a stream that was open: always Error{closed}.
Error stream_error(boost::system::error_code cause, const Endpoint& subject);

boost::asio::ip::address to_asio(const IpAddress& address);
/// IPv4-mapped addresses become IPv4 ones.
IpAddress from_asio(const boost::asio::ip::address& address);

template <class Protocol>
boost::asio::ip::basic_endpoint<Protocol> to_asio(const Endpoint& endpoint) {
  return {to_asio(endpoint.address), endpoint.port};
}

template <class Protocol>
Endpoint from_asio(const boost::asio::ip::basic_endpoint<Protocol>& endpoint) {
  return {.address = from_asio(endpoint.address()), .port = endpoint.port()};
}

}  // namespace shoal::os
