#include "system/os/network.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "system/os/tcp.h"
#include "system/os/udp.h"

namespace shoal::os {

namespace {

std::optional<IpAddress> address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
    return IpAddress::v4(bytes);
  }
  if (address.sa_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    const bool scoped = IpAddress::v6(bytes).is_link_local();
    return IpAddress::v6(bytes, scoped ? six.sin6_scope_id : 0);
  }
  return std::nullopt;
}

}  // namespace

Task<std::unique_ptr<HostStream>> HostNetwork::connect(Endpoint remote) {
  return tcp_connect(context_, remote);
}

std::unique_ptr<Listener> HostNetwork::listen(Endpoint local, ListenOptions options) {
  return tcp_listen(context_, clock_, local, options);
}

std::unique_ptr<DatagramSocket> HostNetwork::bind(Endpoint local) {
  return udp_bind(context_, local);
}

std::vector<IpAddress> HostNetwork::local_addresses() {
  ifaddrs* head = nullptr;
  if (::getifaddrs(&head) != 0) {
    throw Error(ErrorCode::io, "the kernel does not tell this host's addresses");
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(head, ::freeifaddrs);
  std::vector<IpAddress> found;
  for (const ifaddrs* each = head; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_UP) == 0) continue;
    if (const auto address = address_of(*each->ifa_addr)) found.push_back(*address);
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

std::size_t HostNetwork::max_open_files() const {
  rlimit files{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY;
  return known ? static_cast<std::size_t>(files.rlim_cur) : Network::max_open_files();
}

}  // namespace shoal::os
