#include "net/transport/quic/native_address.h"

#include <bit>
#include <cstring>

namespace shoal::quic {

namespace {

std::uint16_t swapped(std::uint16_t port) {
  return std::endian::native == std::endian::little ? std::byteswap(port) : port;
}

}  // namespace

NativeAddress::NativeAddress(const Endpoint& endpoint)
    : size_(endpoint.address.is_v6() ? sizeof storage_.v6 : sizeof storage_.v4) {
  const ByteView bytes = endpoint.address.bytes();
  if (endpoint.address.is_v6()) {
    storage_.v6.sin6_family = NGTCP2_AF_INET6;
    storage_.v6.sin6_port = swapped(endpoint.port);
    storage_.v6.sin6_scope_id = endpoint.address.scope_id();
    std::memcpy(&storage_.v6.sin6_addr, bytes.data(), bytes.size());
  } else {
    storage_.v4.sin_family = NGTCP2_AF_INET;
    storage_.v4.sin_port = swapped(endpoint.port);
    std::memcpy(&storage_.v4.sin_addr, bytes.data(), bytes.size());
  }
}

Endpoint from_native(const ngtcp2_addr& address) {
  if (address.addr->sa_family == NGTCP2_AF_INET6) {
    ngtcp2_sockaddr_in6 v6;
    std::memcpy(&v6, address.addr, sizeof v6);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return {IpAddress::v6(bytes, v6.sin6_scope_id), swapped(v6.sin6_port)};
  }
  ngtcp2_sockaddr_in v4;
  std::memcpy(&v4, address.addr, sizeof v4);
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
  return {IpAddress::v4(bytes), swapped(v4.sin_port)};
}

}  // namespace shoal::quic
