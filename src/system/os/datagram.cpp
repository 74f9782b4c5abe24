#include "system/os/datagram.h"

#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "system/os/socket_error.h"

namespace shoal::os {

namespace {

constexpr std::uint8_t kEcnBits = 3;

void set_option(int descriptor, int level, int name, int value, boost::system::error_code& error) {
  if (error || ::setsockopt(descriptor, level, name, &value, sizeof value) == 0) return;
  error.assign(errno, boost::system::system_category());
}

/// One that not every kernel has.
void try_option(int descriptor, int level, int name, int value) {
  ::setsockopt(descriptor, level, name, &value, sizeof value);
}

/// What is said beside the bytes of a message, aligned as the kernel wants it.
class Control {
 public:
  explicit Control(msghdr& message) : message_(message) {}

  void receive_into() {
    message_.msg_control = bytes_.data();
    message_.msg_controllen = bytes_.size();
  }
  template <class Value>
  void add(int level, int type, const Value& value) {
    message_.msg_control = bytes_.data();
    message_.msg_controllen = used_ + CMSG_SPACE(sizeof value);
    auto* header = reinterpret_cast<cmsghdr*>(bytes_.data() + used_);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& message_;
  alignas(cmsghdr) std::array<char, 256> bytes_{};
  std::size_t used_ = 0;
};

template <class Array>
Array array_of(const IpAddress& address) {
  Array out{};
  std::ranges::copy(address.bytes(), out.begin());
  return out;
}

void add_source(Control& control, bool v6, const DatagramSocket::SendOptions& options) {
  const bool has_source = !options.from.is_unspecified() && options.from.is_v6() == v6;
  if (options.interface_index == 0 && !has_source) return;
  if (v6) {
    in6_pktinfo info{};
    info.ipi6_ifindex = options.interface_index;
    if (has_source) {
      info.ipi6_addr =
          std::bit_cast<in6_addr>(array_of<std::array<std::uint8_t, 16>>(options.from));
    }
    control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
  } else {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(options.interface_index);
    if (has_source) {
      info.ipi_spec_dst =
          std::bit_cast<in_addr>(array_of<std::array<std::uint8_t, 4>>(options.from));
    }
    control.add(IPPROTO_IP, IP_PKTINFO, info);
  }
}

template <class Value>
Value value_of(const cmsghdr& header) {
  Value value{};
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

void read_source(const cmsghdr& header, DatagramSocket::Received& into) {
  if (header.cmsg_level == IPPROTO_IP) {
    const auto info = value_of<in_pktinfo>(header);
    into.interface_index = static_cast<std::uint32_t>(info.ipi_ifindex);
    into.to = IpAddress::v4(std::bit_cast<std::array<std::uint8_t, 4>>(info.ipi_addr));
    return;
  }
  const auto info = value_of<in6_pktinfo>(header);
  const auto address = std::bit_cast<std::array<std::uint8_t, 16>>(info.ipi6_addr);
  const bool scoped = IpAddress::v6(address).is_link_local();
  into.interface_index = info.ipi6_ifindex;
  into.to = IpAddress::v6(address, scoped ? info.ipi6_ifindex : 0);
}

void read_control(const cmsghdr& header, DatagramSocket::Received& into) {
  const auto is = [&header](int level, int type) {
    return header.cmsg_level == level && header.cmsg_type == type;
  };
  if (is(IPPROTO_IP, IP_PKTINFO) || is(IPPROTO_IPV6, IPV6_PKTINFO)) {
    read_source(header, into);
  } else if (is(IPPROTO_IP, IP_TOS)) {
    into.ecn = value_of<std::uint8_t>(header) & kEcnBits;
  } else if (is(IPPROTO_IPV6, IPV6_TCLASS)) {
    into.ecn = static_cast<std::uint8_t>(value_of<int>(header) & kEcnBits);
  } else if (is(IPPROTO_UDP, UDP_GRO)) {
    const int size = value_of<int>(header);
    // One datagram alone is no row.
    if (static_cast<std::size_t>(size) < into.bytes) {
      into.segment_bytes = static_cast<std::uint16_t>(size);
    }
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

/// What may be said by others of a datagram that was sent.
bool is_of_the_network(int cause) {
  return cause == ECONNREFUSED || cause == EHOSTUNREACH || cause == ENETUNREACH;
}

/// 0, or why not.
int send_row(int descriptor, const boost::asio::ip::udp::endpoint& to, ByteView bytes,
             const DatagramSocket::SendOptions& options, std::uint16_t segment_bytes) {
  boost::asio::ip::udp::endpoint target = to;
  const bool v6 = target.address().is_v6();
  iovec piece{.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_name = target.data();
  message.msg_namelen = static_cast<socklen_t>(target.size());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  Control control(message);
  add_source(control, v6, options);
  if (options.ecn != 0) {
    const int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    control.add(level, v6 ? IPV6_TCLASS : IP_TOS, static_cast<int>(options.ecn & kEcnBits));
  }
  if (segment_bytes != 0 && segment_bytes < bytes.size()) {
    control.add(IPPROTO_UDP, UDP_SEGMENT, segment_bytes);
  }
  const auto send = [&] {
    return ::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
  };
  const int cause = send();
  // It may be about an earlier one, which went elsewhere.
  return is_of_the_network(cause) ? send() : cause;
}

bool is_unreachable(const sock_extended_err& error) {
  const bool is_icmp =
      error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
  return is_icmp && is_of_the_network(static_cast<int>(error.ee_errno));
}

}  // namespace

void set_udp_options(int descriptor, bool v6, const BindOptions& options,
                     boost::system::error_code& error) {
  if (options.reuse) {
    set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1, error);
    set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1, error);
  }
  // Not everywhere: groups that others joined (Linux before 4.20 has that for IPv4 alone), rows
  // (before 5.0), and the ECN bits.
  if (options.batches) try_option(descriptor, IPPROTO_UDP, UDP_GRO, 1);
  const int hops = options.multicast_hops;
  const int loop = options.multicast_loop ? 1 : 0;
  if (v6) {
    set_option(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, error);
    set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops, error);
    set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loop, error);
    try_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    try_option(descriptor, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    if (options.dont_fragment) {
      set_option(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE, error);
    }
  } else {
    set_option(descriptor, IPPROTO_IP, IP_PKTINFO, 1, error);
    set_option(descriptor, IPPROTO_IP, IP_MULTICAST_TTL, hops, error);
    set_option(descriptor, IPPROTO_IP, IP_MULTICAST_LOOP, loop, error);
    try_option(descriptor, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    try_option(descriptor, IPPROTO_IP, IP_RECVTOS, 1);
    if (options.dont_fragment) {
      // What routers say of the path is not believed: anybody can say it.
      set_option(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, error);
    }
  }
}

DatagramSocket::Received receive_datagram(int descriptor, MutableBytes into,
                                          boost::system::error_code& error) {
  boost::asio::ip::udp::endpoint from;
  iovec piece{.iov_base = into.data(), .iov_len = into.size()};
  msghdr message{};
  message.msg_name = from.data();
  message.msg_namelen = static_cast<socklen_t>(from.capacity());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  Control control(message);
  control.receive_into();
  const ssize_t got = ::recvmsg(descriptor, &message, MSG_DONTWAIT);
  if (got < 0) {
    error.assign(errno, boost::system::system_category());
    return {};
  }
  error = {};
  from.resize(message.msg_namelen);
  DatagramSocket::Received out{.bytes = static_cast<std::size_t>(got), .from = from_asio(from)};
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
    read_control(*each, out);
  }
  return out;
}

void keep_errors(int descriptor, bool v6) {
  if (v6) {
    try_option(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1);
  } else {
    try_option(descriptor, IPPROTO_IP, IP_RECVERR, 1);
  }
}

std::optional<Endpoint> next_undelivered(int descriptor) {
  while (true) {
    boost::asio::ip::udp::endpoint to;
    msghdr message{};
    message.msg_name = to.data();
    message.msg_namelen = static_cast<socklen_t>(to.capacity());
    Control control(message);
    control.receive_into();
    if (::recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
      const bool is_error = (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_RECVERR) ||
                            (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_RECVERR);
      if (!is_error || !is_unreachable(value_of<sock_extended_err>(*each))) continue;
      if (message.msg_namelen == 0 || message.msg_namelen > to.capacity()) continue;
      to.resize(message.msg_namelen);
      return from_asio(to);
    }
  }
}

SendResult send_datagram(int descriptor, const boost::asio::ip::udp::endpoint& to, ByteView bytes,
                         const DatagramSocket::SendOptions& options) {
  const std::size_t each = options.segment_bytes;
  if (each != 0 && bytes.size() > each * DatagramSocket::kMaxSegments) {
    return SendResult::too_large;
  }
  const int cause = send_row(descriptor, to, bytes, options, options.segment_bytes);
  if (cause == 0) return SendResult::sent;
  // EIO: an interface without checksums of its own; EINVAL: a kernel without rows, or a path whose
  // MTU is smaller.
  const bool may_go_alone = (cause == EIO || cause == EINVAL) && each != 0 && bytes.size() > each;
  // Linux says EINVAL for an address that is no longer ours, too.
  const bool has_source = !options.from.is_unspecified();
  const auto result_from = [has_source](int why) {
    return why == EINVAL && has_source ? SendResult::unreachable : result_of(why);
  };
  if (!may_go_alone) return result_from(cause);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(each, bytes.size()))) {
    const int result =
        send_row(descriptor, to, bytes.first(std::min(each, bytes.size())), options, 0);
    if (result != 0) return result_from(result);
  }
  return SendResult::sent;
}

}  // namespace shoal::os
