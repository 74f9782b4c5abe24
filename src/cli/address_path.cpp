#include "cli/address_path.h"

#include <optional>

namespace shoal::cli {

namespace {

/// The IP address that a multiaddr begins with.
std::optional<IpAddress> ip_of(const Multiaddr& address) {
  for (const auto& component : address.components()) {
    if (component.code == AddressCode::ip4 && component.value.size() == 4) {
      std::array<std::uint8_t, 4> bytes{};
      std::copy(component.value.begin(), component.value.end(), bytes.begin());
      return IpAddress::v4(bytes);
    }
    if (component.code == AddressCode::ip6 && component.value.size() == 16) {
      std::array<std::uint8_t, 16> bytes{};
      std::copy(component.value.begin(), component.value.end(), bytes.begin());
      return IpAddress::v6(bytes).normalised();
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view path_of(const Multiaddr& address) {
  if (address.has(AddressCode::p2p_circuit)) return "relay";
  const auto ip = ip_of(address);
  if (ip && ip->is_loopback()) return "loopback";
  if (ip && (ip->is_private() || ip->is_link_local())) return "lan";
  return "direct";
}

}  // namespace shoal::cli
