#pragma once

#include <optional>
#include <string_view>

#include "base/ip_address.h"
#include "system/storage.h"

namespace shoal {

/// The router that this host sends to by IPv4 when it knows no better way, from the kernel's table
/// /proc/net/route; none where there is no such file, or no such route.
std::optional<IpAddress> default_router(Storage& storage);

/// The same from the table's text; rows that are no routes are skipped.
std::optional<IpAddress> parse_default_router(std::string_view table);

}  // namespace shoal
