#pragma once

#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace shoal {

/// Whether the name is of this machine wherever it is asked for: "localhost", or ends in it as in
/// "web.localhost" (RFC 6761, 6.3). Its case and a dot at its end do not matter.
bool is_localhost(std::string_view host);

/// What such a name stands for, without files and name servers, which a small system may not have.
std::vector<IpAddress> localhost_addresses();

}  // namespace shoal
