#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "protocol/portmap/gateway.h"

namespace shoal::portmap {

/// Where routers answer NAT-PMP and PCP, by UDP.
inline constexpr std::uint16_t kPmpPort = 5351;
/// RFC 6887, section 7: no message of either is longer.
inline constexpr std::size_t kMaxPmpBytes = 1100;

/// What a mapping is asked for; a lifetime of 0 ends it.
struct PmpRequest {
  Port port;
  std::uint16_t wanted_outside = 0;  // 0: any
  std::uint32_t lifetime_seconds = 0;
};

/// NAT-PMP: RFC 6886.
namespace natpmp {

Bytes outside_request();
Bytes map_request(const PmpRequest& request);

/// The router's address outside. Throws Error{malformed}, {unsupported} for another version, and
/// {refused} with the router's reason. So do all decoders here.
IpAddress decode_outside(ByteView bytes);

struct Mapped {
  Port port;
  std::uint16_t outside = 0;
  std::uint32_t lifetime_seconds = 0;

  bool operator==(const Mapped&) const = default;
};
Mapped decode_mapped(ByteView bytes);

}  // namespace natpmp

/// The Port Control Protocol: RFC 6887, opcode MAP alone.
namespace pcp {

/// Of one mapping; who does not know it can neither answer for the router nor end it.
using Nonce = std::array<std::uint8_t, 12>;

/// `own`: the IPv4 address that the request comes from.
Bytes map_request(const PmpRequest& request, const IpAddress& own, const Nonce& nonce);

struct Mapped {
  Nonce nonce{};
  Port port{};
  Endpoint outside{};
  std::uint32_t lifetime_seconds = 0;

  bool operator==(const Mapped&) const = default;
};
Mapped decode_mapped(ByteView bytes);

}  // namespace pcp

}  // namespace shoal::portmap
