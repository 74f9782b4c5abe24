#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "system/system.h"

namespace shoal::service {

/// The service behind a tunnel: a TCP or UDP port of some host, or a Unix domain socket of this
/// one.
struct TunnelTarget {
  static constexpr std::size_t kMaxHostBytes = 253;
  /// Addresses of a name that are tried, one after the other.
  static constexpr std::size_t kMaxAddresses = 4;

  std::string host{};  // a name or an IP address; empty for a Unix socket
  std::uint16_t port = 0;
  std::string unix_path{};
  bool udp = false;

  /// HOST:PORT, [IPV6]:PORT, PORT alone for this machine, the same after udp://, or unix:PATH.
  /// Throws Error{usage}.
  static TunnelTarget parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const TunnelTarget&) const = default;
};

/// Where programs of this machine find a tunnel: PORT of localhost (0: any free one), or HOST:PORT
/// with an address of this machine. Throws Error{usage}.
Endpoint parse_local(const std::string& text);

/// Names are looked up anew each time. The caller bounds the time. Throws Error{unreachable}.
Task<std::unique_ptr<Stream>> connect_to(System& system, TunnelTarget target);

/// Where the UDP service is: the first address of its name.
Task<Endpoint> datagram_endpoint(System& system, TunnelTarget target);

}  // namespace shoal::service
