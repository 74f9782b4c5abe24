#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "system/clock.h"
#include "system/network.h"

namespace shoal::os {

Task<std::unique_ptr<HostStream>> tcp_connect(boost::asio::io_context& context, Endpoint remote,
                                              ConnectOptions options);

/// `clock` paces a listener that has run out of descriptors.
std::unique_ptr<Listener> tcp_listen(boost::asio::io_context& context, Clock& clock, Endpoint local,
                                     ListenOptions options);

}  // namespace shoal::os
