#pragma once

#include <memory>

#include "protocol/portmap/gateway.h"
#include "system/system.h"

namespace shoal::portmap {

/// Requests that are lost are repeated after this long, then after twice as long, and so on.
inline constexpr Duration kPmpFirstWait = 250ms;
inline constexpr int kPmpTries = 3;
/// Datagrams that are no answer to a request, before it is given up.
inline constexpr int kPmpMaxRubbish = 64;

/// Talks PCP to `router`, as `own`, its address in the router's network. Answers of others than the
/// router do not count. Borrows `system` for its life.
std::unique_ptr<Gateway> make_pcp_gateway(System& system, IpAddress router, IpAddress own);
/// The same by NAT-PMP.
std::unique_ptr<Gateway> make_natpmp_gateway(System& system, IpAddress router);

}  // namespace shoal::portmap
