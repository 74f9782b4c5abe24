#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal {

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses are kept as they are until normalised(), but
/// every question about what kind of address it is answers for the IPv4 address inside.
class IpAddress {
 public:
  /// 0.0.0.0
  IpAddress() = default;

  static IpAddress v4(std::array<std::uint8_t, 4> bytes);
  static IpAddress v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope_id = 0);
  /// Dotted IPv4, or IPv6 as in RFC 4291, section 2.2; nothing before, behind or within it.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress any_v4() { return v4({0, 0, 0, 0}); }
  static IpAddress any_v6() { return v6({}); }
  static IpAddress loopback_v4() { return v4({127, 0, 0, 1}); }

  bool is_v6() const { return is_v6_; }
  bool is_unspecified() const;
  bool is_loopback() const;
  /// RFC 1918, carrier-grade NAT (RFC 6598), unique local, link-local: reachable inside one site
  /// only. Loopback is not among them.
  bool is_private() const;
  bool is_link_local() const;
  bool is_multicast() const;
  /// ::ffff:a.b.c.d as a.b.c.d; anything else as it is.
  IpAddress normalised() const;
  /// Only for IPv6 link-local addresses: the interface; 0 otherwise.
  std::uint32_t scope_id() const { return scope_id_; }

  /// 4 or 16 bytes, network order.
  ByteView bytes() const { return ByteView(bytes_).first(is_v6_ ? 16 : 4); }
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  bool is_v6_ = false;
  std::uint32_t scope_id_ = 0;
};

/// An address and a port (0: any free one), as TCP and UDP use them.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  /// "127.0.0.1:80", "[::1]:80"
  std::string to_string() const;
  auto operator<=>(const Endpoint&) const = default;
};

}  // namespace shoal
