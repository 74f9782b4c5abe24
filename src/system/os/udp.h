#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "system/network.h"

namespace shoal::os {

/// Throws Error{failed} when the address is taken or not ours.
std::unique_ptr<DatagramSocket> udp_bind(boost::asio::io_context& context, Endpoint local,
                                         const BindOptions& options);

}  // namespace shoal::os
