#include "net/path.h"

#include <string>

#include "base/error.h"

namespace shoal::net {

Path path_of(const Multiaddr& remote) {
  if (remote.has(AddressCode::p2p_circuit)) return Path::relay;
  const std::optional<IpAddress> ip = remote.ip();
  if (!ip) return Path::direct;
  if (ip->is_loopback()) return Path::loopback;
  return ip->is_private() || ip->is_link_local() ? Path::lan : Path::direct;
}

std::string_view name_of(Path path) {
  switch (path) {
    case Path::loopback:
      return "loopback";
    case Path::lan:
      return "lan";
    case Path::direct:
      return "direct";
    case Path::punched:
      return "punched";
    case Path::relay:
      return "relay";
  }
  SHOAL_CHECK(false);
  return "";
}

std::optional<Multiaddr> with_ip(const Multiaddr& listened, const IpAddress& ip) {
  const auto parts = listened.components();
  const AddressCode family = ip.is_v6() ? AddressCode::ip6 : AddressCode::ip4;
  if (parts.empty() || parts.front().code != family) return std::nullopt;
  // "/ip4/0.0.0.0/rest": the rest begins at the third slash.
  const std::string text = listened.to_string();
  const std::size_t rest = text.find('/', text.find('/', 1) + 1);
  const std::string prefix = ip.is_v6() ? "/ip6/" : "/ip4/";
  return Multiaddr::parse(prefix + ip.to_string() +
                          (rest == std::string::npos ? "" : text.substr(rest)));
}

}  // namespace shoal::net
