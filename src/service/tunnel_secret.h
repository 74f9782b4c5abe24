#pragma once

#include <string>

#include "base/bytes.h"
#include "system/system.h"

namespace shoal::service {

/// The secret of the tickets for the tunnel `name`, kept in a node's folder so that a ticket
/// outlives a restart. Made when there is none, or when `fresh`: tickets made before are then worth
/// nothing. Throws Error{io}.
Bytes tunnel_secret(System& system, const std::string& folder, const std::string& name, bool fresh);

}  // namespace shoal::service
