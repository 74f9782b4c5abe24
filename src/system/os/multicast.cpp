#include "system/os/multicast.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "system/os/socket_error.h"

namespace shoal::os {

void change_membership(int descriptor, const IpAddress& group, std::uint32_t interface_index,
                       bool join, boost::system::error_code& error) {
  const boost::asio::ip::udp::endpoint endpoint(to_asio(group), 0);
  group_req request{};
  request.gr_interface = interface_index;
  std::memcpy(&request.gr_group, endpoint.data(), endpoint.size());
  const int level = group.is_v6() ? IPPROTO_IPV6 : IPPROTO_IP;
  const int name = join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
  if (::setsockopt(descriptor, level, name, &request, sizeof request) == 0) return;
  if (join && errno == EADDRINUSE) return;  // joined already
  error.assign(errno, boost::system::system_category());
}

}  // namespace shoal::os
