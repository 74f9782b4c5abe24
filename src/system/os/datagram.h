#pragma once

#include <boost/asio/ip/udp.hpp>
#include <boost/system/error_code.hpp>
#include <optional>

#include "system/network.h"

namespace shoal::os {

/// What a UDP socket can do that Asio has no words for. `descriptor` is an open socket of the
/// family of the address.

/// Before bind(): sharing of the port, multicast, rows of datagrams, fragments, and to be told
/// where each datagram came in.
void set_udp_options(int descriptor, bool v6, const BindOptions& options,
                     boost::system::error_code& error);

/// recvmsg without waiting; asio::error::would_block when there is nothing.
DatagramSocket::Received receive_datagram(int descriptor, MutableBytes into,
                                          boost::system::error_code& error);

/// Has the kernel keep what routers and hosts say of datagrams that they could not deliver.
void keep_errors(int descriptor, bool v6);
/// Where the next such datagram went, if there is one.
std::optional<Endpoint> next_undelivered(int descriptor);

/// sendmsg without waiting: a row of datagrams in one call where the kernel can (UDP_SEGMENT), else
/// in one for each.
SendResult send_datagram(int descriptor, const boost::asio::ip::udp::endpoint& to, ByteView bytes,
                         const DatagramSocket::SendOptions& options);

}  // namespace shoal::os
