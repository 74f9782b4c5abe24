#pragma once

#include <cstdint>
#include <memory>

#include "protocol/mdns/dns_message.h"
#include "system/network.h"

namespace shoal::mdns {

/// The port of multicast DNS, over IPv4 and IPv6, shared with whatever else on this host uses it.
class GroupSockets {
 public:
  /// An interface, and the IP version that is spoken on it.
  struct Where {
    std::uint32_t interface_index = 0;
    bool v6 = false;

    auto operator<=>(const Where&) const = default;
  };

  explicit GroupSockets(Network& network) : network_(network) {}

  /// Null unless open.
  DatagramSocket* get(bool v6) { return (v6 ? v6_ : v4_).get(); }
  /// False, with a line in the log, when the port cannot be had; try again later.
  bool open(bool v6);
  void close();

  /// False, with a line in the log, when the kernel refuses.
  bool join(const Where& where);
  void leave(const Where& where);

  /// 224.0.0.251 or ff02::fb.
  void send_to_group(const Where& where, const DnsMessage& message);
  void send_to(const Endpoint& to, const Where& where, const DnsMessage& message);

 private:
  Network& network_;
  std::unique_ptr<DatagramSocket> v4_;
  std::unique_ptr<DatagramSocket> v6_;
};

}  // namespace shoal::mdns
