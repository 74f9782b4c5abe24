#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "system/network.h"

namespace shoal::os {

/// Throws Error{io} when the address is taken or not ours.
std::unique_ptr<DatagramSocket> udp_bind(boost::asio::io_context& context, Endpoint local);

}  // namespace shoal::os
