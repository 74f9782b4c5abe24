#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>

#include "base/ip_address.h"

namespace shoal::os {

/// `descriptor` is an open socket of the group's family.
void change_membership(int descriptor, const IpAddress& group, std::uint32_t interface_index,
                       bool join, boost::system::error_code& error);

}  // namespace shoal::os
