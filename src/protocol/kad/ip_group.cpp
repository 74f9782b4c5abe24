#include "protocol/kad/ip_group.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace shoal::kad {
namespace {

bool is_local_ip(const IpAddress& address) {
  return address.is_loopback() || address.is_private();
}

bool is_name(AddressCode code) {
  return code == AddressCode::dns || code == AddressCode::dns4 || code == AddressCode::dns6 ||
         code == AddressCode::dnsaddr;
}

}  // namespace

IpGroup IpGroup::of(const IpAddress& address) {
  const IpAddress plain = address.normalised();
  const bool local = is_local_ip(plain);
  if (plain.is_v6() && plain.is_loopback()) return {plain, true};  // its /32 is not loopback
  if (plain.is_v6()) {
    std::array<std::uint8_t, 16> network{};
    std::ranges::copy(plain.bytes().first(kV6PrefixBytes), network.begin());
    return {IpAddress::v6(network), local};
  }
  std::array<std::uint8_t, 4> network{};
  std::ranges::copy(plain.bytes().first(kV4PrefixBytes), network.begin());
  return {IpAddress::v4(network), local};
}

std::optional<IpGroup> IpGroup::of(const Multiaddr& address) {
  const std::optional<IpAddress> ip = address.ip();
  if (!ip) return std::nullopt;
  return of(*ip);
}

IpAddress ip_of_bytes(ByteView bytes) {
  if (bytes.size() == 4) {
    std::array<std::uint8_t, 4> v4{};
    std::ranges::copy(bytes, v4.begin());
    return IpAddress::v4(v4);
  }
  if (bytes.size() != 16) throw Error(ErrorCode::malformed, "IP address of neither 4 nor 16 bytes");
  std::array<std::uint8_t, 16> v6{};
  std::ranges::copy(bytes, v6.begin());
  return IpAddress::v6(v6);
}

bool is_public(const Multiaddr& address) {
  const auto parts = address.components();
  if (parts.empty()) return false;
  if (is_name(parts.front().code)) return true;
  if (parts.front().code != AddressCode::ip4 && parts.front().code != AddressCode::ip6) {
    return false;  // a zone, a bare relay, a path
  }
  const std::optional<IpAddress> ip = address.ip();
  return ip && !is_local_ip(*ip) && !ip->is_unspecified() && !ip->is_multicast();
}

}  // namespace shoal::kad
