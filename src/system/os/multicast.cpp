#include "system/os/multicast.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "system/os/socket_error.h"

namespace shoal::os {

namespace {

void set_option(int descriptor, int level, int name, int value, boost::system::error_code& error) {
  if (error || ::setsockopt(descriptor, level, name, &value, sizeof value) == 0) return;
  error.assign(errno, boost::system::system_category());
}

/// Room for one IP_PKTINFO or IPV6_PKTINFO, aligned as the kernel wants it.
struct alignas(cmsghdr) PacketInfo {
  std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> bytes{};
};

template <class Info>
void add_info(msghdr& message, int level, int type, const Info& info) {
  message.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

void add_interface(msghdr& message, bool v6, std::uint32_t index) {
  if (v6) {
    in6_pktinfo info{};
    info.ipi6_ifindex = index;
    add_info(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
  } else {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(index);
    add_info(message, IPPROTO_IP, IP_PKTINFO, info);
  }
}

template <class Info>
Info info_of(const cmsghdr& header) {
  Info info{};
  std::memcpy(&info, CMSG_DATA(&header), sizeof info);
  return info;
}

void read_info(const cmsghdr& header, DatagramSocket::Received& into) {
  if (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_PKTINFO) {
    const auto info = info_of<in_pktinfo>(header);
    into.interface_index = static_cast<std::uint32_t>(info.ipi_ifindex);
    into.to = IpAddress::v4(std::bit_cast<std::array<std::uint8_t, 4>>(info.ipi_addr));
  } else if (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_PKTINFO) {
    const auto info = info_of<in6_pktinfo>(header);
    const auto address = std::bit_cast<std::array<std::uint8_t, 16>>(info.ipi6_addr);
    const bool scoped = IpAddress::v6(address).is_link_local();
    into.interface_index = info.ipi6_ifindex;
    into.to = IpAddress::v6(address, scoped ? info.ipi6_ifindex : 0);
  }
}

SendResult result_of(int cause) {
  switch (cause) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return SendResult::blocked;
    case EMSGSIZE:
      return SendResult::too_large;
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENODEV:
    case ENXIO:
      return SendResult::unreachable;
    default:
      return SendResult::failed;
  }
}

}  // namespace

void set_udp_options(int descriptor, bool v6, const BindOptions& options,
                     boost::system::error_code& error) {
  if (options.reuse) {
    set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1, error);
    set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1, error);
  }
  // Otherwise what any process joined arrives here. Linux before 4.20 has it for IPv4 alone.
  boost::system::error_code unsupported;
  const int hops = options.multicast_hops;
  const int loop = options.multicast_loop ? 1 : 0;
  if (v6) {
    set_option(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, error);
    set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops, error);
    set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loop, error);
    set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, unsupported);
  } else {
    set_option(descriptor, IPPROTO_IP, IP_PKTINFO, 1, error);
    set_option(descriptor, IPPROTO_IP, IP_MULTICAST_TTL, hops, error);
    set_option(descriptor, IPPROTO_IP, IP_MULTICAST_LOOP, loop, error);
    set_option(descriptor, IPPROTO_IP, IP_MULTICAST_ALL, 0, unsupported);
  }
}

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

DatagramSocket::Received receive_datagram(int descriptor, MutableBytes into,
                                          boost::system::error_code& error) {
  boost::asio::ip::udp::endpoint from;
  PacketInfo info;
  iovec piece{.iov_base = into.data(), .iov_len = into.size()};
  msghdr message{};
  message.msg_name = from.data();
  message.msg_namelen = static_cast<socklen_t>(from.capacity());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = info.bytes.data();
  message.msg_controllen = info.bytes.size();
  const ssize_t got = ::recvmsg(descriptor, &message, MSG_DONTWAIT);
  if (got < 0) {
    error.assign(errno, boost::system::system_category());
    return {};
  }
  error = {};
  from.resize(message.msg_namelen);
  DatagramSocket::Received out{.bytes = static_cast<std::size_t>(got), .from = from_asio(from)};
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
    read_info(*each, out);
  }
  return out;
}

SendResult send_datagram(int descriptor, const boost::asio::ip::udp::endpoint& to, ByteView bytes,
                         const DatagramSocket::SendOptions& options) {
  boost::asio::ip::udp::endpoint target = to;
  PacketInfo info;
  iovec piece{.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_name = target.data();
  message.msg_namelen = static_cast<socklen_t>(target.size());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (options.interface_index != 0) {
    message.msg_control = info.bytes.data();
    message.msg_controllen = info.bytes.size();
    add_interface(message, target.address().is_v6(), options.interface_index);
  }
  const ssize_t sent = ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? result_of(errno) : SendResult::sent;
}

}  // namespace shoal::os
