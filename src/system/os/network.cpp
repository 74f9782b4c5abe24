#include "system/os/network.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "system/os/interfaces.h"
#include "system/os/tcp.h"
#include "system/os/udp.h"
#include "system/os/unix_stream.h"

namespace shoal::os {

Task<std::unique_ptr<HostStream>> HostNetwork::connect(Endpoint remote, ConnectOptions options) {
  return tcp_connect(context_, remote, options);
}

Task<std::unique_ptr<Stream>> HostNetwork::connect_unix(std::string path) {
  return unix_connect(context_, std::move(path));
}

std::unique_ptr<Listener> HostNetwork::listen(Endpoint local, ListenOptions options) {
  return tcp_listen(context_, clock_, local, options);
}

std::unique_ptr<DatagramSocket> HostNetwork::bind(Endpoint local, BindOptions options) {
  return udp_bind(context_, local, options);
}

std::vector<IpAddress> HostNetwork::local_addresses() {
  std::vector<IpAddress> found;
  for (const NetworkInterface& interface : list_interfaces()) {
    if (!interface.up) continue;
    for (const InterfaceAddress& each : interface.addresses) found.push_back(each.address);
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

std::vector<NetworkInterface> HostNetwork::interfaces() {
  return list_interfaces();
}

std::size_t HostNetwork::max_open_files() const {
  rlimit files{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY;
  return known ? static_cast<std::size_t>(files.rlim_cur) : Network::max_open_files();
}

}  // namespace shoal::os
