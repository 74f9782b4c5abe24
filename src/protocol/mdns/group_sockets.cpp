#include "protocol/mdns/group_sockets.h"

#include "base/error.h"
#include "base/log.h"
#include "protocol/mdns/peer_message.h"

namespace shoal::mdns {

namespace {

/// RFC 6762, section 11: receivers may insist that no router forwarded it.
constexpr std::uint8_t kHops = 255;

IpAddress group(bool v6) {
  if (!v6) return IpAddress::v4({224, 0, 0, 251});
  return IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb});
}

}  // namespace

bool GroupSockets::open(bool v6) {
  const IpAddress any = v6 ? IpAddress::any_v6() : IpAddress::any_v4();
  try {
    (v6 ? v6_ : v4_) = network_.bind({any, kPort}, {.reuse = true, .multicast_hops = kHops});
  } catch (const Error& error) {
    log_debug("mDNS over {}: {}", v6 ? "IPv6" : "IPv4", error.what());
    return false;
  }
  return true;
}

void GroupSockets::close() {
  v4_.reset();
  v6_.reset();
}

bool GroupSockets::join(const Where& where) {
  DatagramSocket* socket = get(where.v6);
  if (socket == nullptr) return false;
  try {
    socket->join_group(group(where.v6), where.interface_index);
  } catch (const Error& error) {
    log_debug("mDNS on interface {}: {}", where.interface_index, error.what());
    return false;
  }
  return true;
}

void GroupSockets::leave(const Where& where) {
  DatagramSocket* socket = get(where.v6);
  if (socket != nullptr) socket->leave_group(group(where.v6), where.interface_index);
}

void GroupSockets::send_to_group(const Where& where, const DnsMessage& message) {
  send_to({group(where.v6), kPort}, where, message);
}

void GroupSockets::send_to(const Endpoint& to, const Where& where, const DnsMessage& message) {
  DatagramSocket* socket = get(where.v6);
  if (socket == nullptr) return;
  const SendResult result =
      socket->send(to, message.encode(), {.interface_index = where.interface_index});
  if (result != SendResult::sent) {
    log_debug("mDNS to {} by interface {}: not sent ({})", to.to_string(), where.interface_index,
              static_cast<int>(result));
  }
}

}  // namespace shoal::mdns
