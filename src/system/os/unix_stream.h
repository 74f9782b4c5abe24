#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "system/network.h"

namespace shoal::os {

/// Throws Error{unreachable}.
Task<std::unique_ptr<Stream>> unix_connect(boost::asio::io_context& context, std::string path);

}  // namespace shoal::os
